"""The key facts of an alert in words: headline, value against threshold, table rows; by rule kind. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts import wording
from alerts.rules import ThresholdRule
from alerts.wording import word
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from datetime import timedelta

    from alerts.view import AlertView


class Facts(NamedTuple):
    """Big figure, what stands under it, and rows of (label, text)."""

    figure: str
    unit: str
    figure_label: str
    against: str
    rows: list[tuple[str, str]]


def headline(view: AlertView, language: str) -> str:
    """Title of the alert without place and value."""
    if view.kind is RuleKind.OPERATION:
        own = view.text(f"title_{language}") or view.text(f"title_{wording.other(language)}")
        # A title from elsewhere may hold line ends, which a subject must not.
        return " ".join(own.split()) or _rule_title(view, language)
    if view.text("scope") == "all":
        return (
            "所有站点均无数据：请检查采集器或消息服务器"
            if language == "zh"
            else "All stations silent: check collector or broker"
        )
    return _rule_title(view, language)


def caption(view: AlertView, language: str) -> str:
    """One line: title, place, value."""
    title = headline(view, language)
    if view.kind is RuleKind.OPERATION or view.text("scope") == "all":
        return title
    if view.is_resolved:
        value = ("历时" if language == "zh" else "lasted ") + wording.duration_text(_duration(view), language)
    elif view.kind is RuleKind.SILENCE:
        value = ("已中断 " if language == "zh" else "for ") + wording.minutes_text(view.transition.value, language)
    else:
        value = wording.quantity(view.transition.value, view.unit, view.decimals)
    return (
        f"{view.station.of(language)} {title} {value}"
        if language == "zh"
        else f"{title} at {view.station.of(language)}, {value}"
    )


def facts(view: AlertView, language: str) -> Facts:
    """Key facts for the table of a single alert."""
    if view.kind is RuleKind.OPERATION:
        return Facts("", "", "", "", _time_rows(view, language))
    if view.kind is RuleKind.SILENCE:
        return _silence(view, language)
    return _value(view, language)


def _value(view: AlertView, language: str) -> Facts:
    change = view.transition
    extreme = view.number("extreme")
    shown = extreme if view.is_resolved else change.value
    label = word("maximum" if view.is_resolved else "now", language)
    if view.kind is RuleKind.FORECAST:
        label = word("forecast", language)
    above = not (isinstance(view.rule, ThresholdRule) and view.rule.above is None)
    against = f"{word('threshold', language)} {'>' if above else '<'} {wording.quantity(change.threshold, view.unit, view.decimals)}"
    if shown is not None and change.threshold and change.threshold > 0:
        ratio = f"{shown / change.threshold:.2f}"
        against += f" · 为阈值的 {ratio} 倍" if language == "zh" else f" · {ratio} × threshold"
    rows = _place_rows(view, language) + _time_rows(view, language)
    if extreme is not None:
        moment = wording.time_text(view.moment("extreme_at"), view.zone, language)
        figure = wording.quantity(extreme, view.unit, view.decimals)
        # The end shows the extreme as its big figure, so only its time is new.
        rows.append(
            (word("peak_at", language), moment)
            if view.is_resolved
            else (word("peak", language), f"{figure} · {moment}")
        )
    return Facts(wording.number_text(shown, view.decimals), wording.unit_text(view.unit), label, against, rows)


def _silence(view: AlertView, language: str) -> Facts:
    minutes = view.number("extreme") if view.is_resolved else view.transition.value
    against = f"{word('allowed', language)} {wording.minutes_text(view.transition.threshold, language)}"
    rows = _place_rows(view, language) + _time_rows(view, language)
    return Facts(wording.minutes_text(minutes, language), "", word("silent_for", language), against, rows)


def _place_rows(view: AlertView, language: str) -> list[tuple[str, str]]:
    station, city = view.station.of(language), view.city.of(language)
    place = f"{station} ({view.transition.station_id})" if view.text("scope") != "all" else word("province", language)
    return [(word("where", language), f"{place} · {city}" if city else place)]


def _time_rows(view: AlertView, language: str) -> list[tuple[str, str]]:
    change = view.transition
    since_key = "last" if view.kind is RuleKind.SILENCE and not view.is_resolved else "since"
    since = f"{wording.time_text(change.since, view.zone, language)}"
    if view.is_resolved:
        ended = wording.time_text(view.moment("until") or change.at, view.zone, language)
        duration = wording.duration_text(_duration(view), language)
        return [
            (word("since", language), since),
            (word("ended", language), ended),
            (word("duration", language), duration),
        ]
    so_far = wording.duration_text(change.at - change.since, language)
    if view.kind is RuleKind.THRESHOLD:
        since += f" · {'已持续' if language == 'zh' else 'for'} {so_far}"
    return [(word(since_key, language), since)]


def _duration(view: AlertView) -> timedelta:
    return (view.moment("until") or view.transition.at) - view.transition.since


def _rule_title(view: AlertView, language: str) -> str:
    return view.rule.title(language) if view.rule else view.transition.rule
