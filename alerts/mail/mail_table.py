"""Text of a mail by rule kind: headline, extreme against threshold, table rows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts import wording
from alerts.rules.silence import RETURNED
from alerts.wording import word
from schemas.alert import AlertState, EndReason, RuleKind
from schemas.words.message import unit_text
from schemas.words.naming import times_text

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from alerts.mail.view import AlertView
    from schemas.alert import AlertTransition


class MailTable(NamedTuple):
    """The large figure, the line under it, and rows of (label, text)."""

    figure: str
    unit: str
    figure_label: str
    against: str
    rows: list[tuple[str, str]]


def label_kind(change: AlertTransition, *, is_late: bool) -> str:
    """Key of the word that opens a subject: ``severity_*``, ``resolved`` or ``closed`` (not watched any more), ``*_late``."""
    if change.to_state is not AlertState.OK:
        return f"severity_{change.severity}"
    kind = "resolved" if change.reason is None or change.reason.is_over else "closed"
    return f"{kind}_late" if is_late else kind


def headline(view: AlertView, language: str) -> str:
    """Title of the alert without place and value."""
    if view.kind is RuleKind.OPERATION:
        own = view.text(f"title_{language}") or view.text(f"title_{wording.other(language)}")
        return " ".join(own.split()) or _rule_title(view, language)
    if view.text("scope") == "all":
        return word("all_silent", language)
    return _rule_title(view, language)


def caption(view: AlertView, language: str) -> str:
    """One line: title, place, value."""
    title = headline(view, language)
    if view.kind is RuleKind.OPERATION or view.text("scope") == "all":
        return title
    if view.kind is RuleKind.SILENCE:
        title = word("silent_title", language, title=title, network=view.what.of(language))
    value = _end_caption(view, language) if view.is_resolved else _begin_caption(view, language)
    return word("caption", language, title=title, station=view.station.of(language), value=value)


def _begin_caption(view: AlertView, language: str) -> str:
    extreme = view.extreme.value if view.extreme else view.transition.value
    if view.kind is RuleKind.SILENCE:
        return word("silent_length", language, length=wording.minutes_text(extreme, language))
    return wording.quantity(extreme, view.unit, view.decimals, language)


def _end_caption(view: AlertView, language: str) -> str:
    reason = view.transition.reason
    lasted = word("lasted", language, length=wording.duration_text(_duration(view), language))
    parts = [lasted] if reason is None or reason.is_over else [word(f"end_{reason}", language)]
    if view.is_late:
        parts.append(wording.span_text(view.transition.since, _ended(view), view.zone, language))
    if view.extreme and view.kind is not RuleKind.SILENCE:
        peak = wording.quantity(view.extreme.value, view.unit, view.decimals, language)
        parts.append(f"{word('minimum' if view.is_below else 'maximum', language).lower()} {peak}")
    if view.is_late and view.latest and view.kind is not RuleKind.SILENCE:
        parts.append(
            f"{word('now', language).lower()} {wording.number_text(view.latest.value, view.decimals, language)}"
        )
    return word("comma", language).join(parts)


def mail_table(view: AlertView, language: str) -> MailTable:
    """Key facts for the table of a single alert."""
    if view.kind is RuleKind.OPERATION:
        return MailTable("", "", "", "", _time_rows(view, language))
    if view.kind is RuleKind.SILENCE:
        return _silence(view, language)
    return _value(view, language)


def _value(view: AlertView, language: str) -> MailTable:
    change = view.transition
    shown = view.extreme.value if view.extreme else change.value
    label = word("minimum" if view.is_below else "maximum", language)
    if view.kind is RuleKind.FORECAST:
        label = f"{word('forecast', language)} · {label}"
    against = f"{word('threshold', language)} {'<' if view.is_below else '>'} {wording.quantity(change.threshold, view.unit, view.decimals, language)}"
    if shown is not None and change.threshold and change.threshold > 0:
        against += word("ratio", language, ratio=times_text(shown / change.threshold, language))
    rows = _place_rows(view, language) + _time_rows(view, language)
    if view.extreme and view.extreme.at:
        rows.append((word("peak_at", language), wording.time_text(view.extreme.at, view.zone, language)))
    if view.latest:
        figure = wording.quantity(view.latest.value, view.unit, view.decimals, language)
        rows.append((word("now", language), f"{figure} · {_as_of(view, language)}"))
    return MailTable(wording.number_text(shown, view.decimals, language), unit_text(view.unit), label, against, rows)


def _as_of(view: AlertView, language: str) -> str:
    moment = view.latest.at if view.latest else None
    return word("as_of", language, when=wording.time_text(moment, view.zone, language))


def _silence(view: AlertView, language: str) -> MailTable:
    minutes = view.extreme.value if view.extreme else view.transition.value
    against = f"{word('allowed', language)} {wording.minutes_text(view.transition.threshold, language)}"
    rows = _place_rows(view, language) + _time_rows(view, language)
    return MailTable(wording.minutes_text(minutes, language), "", word("silent_for", language), against, rows)


def _place_rows(view: AlertView, language: str) -> list[tuple[str, str]]:
    station, city = view.station.of(language), view.city.of(language)
    place = f"{station} ({view.transition.station_id})" if view.text("scope") != "all" else word("province", language)
    return [(word("where", language), f"{place} · {city}" if city else place)]


def _time_rows(view: AlertView, language: str) -> list[tuple[str, str]]:
    change = view.transition
    counts_from_reading = view.kind is RuleKind.SILENCE and not view.transition.evidence.get(RETURNED)
    since_key = "last" if counts_from_reading and not view.is_resolved else "since"
    since = f"{wording.time_text(change.since, view.zone, language)}"
    if view.is_resolved:
        rows = [
            (word("since", language), since),
            (word("ended", language), wording.time_text(_ended(view), view.zone, language)),
            (word("duration", language), wording.duration_text(_duration(view), language)),
        ]
        if change.reason is not None:
            rows.append((word("why_ended", language), _why_ended(change, language)))
        return rows
    if view.kind.is_of_values and view.latest and view.latest.at:
        so_far = wording.duration_text(view.latest.at - change.since, language)
        lasted = word("so_far", language, length=so_far)
        since += f" · {lasted}{word('comma', language)}{_as_of(view, language)}"
    return [(word(since_key, language), since)]


def _why_ended(change: AlertTransition, language: str) -> str:
    is_silence = change.kind is RuleKind.SILENCE and change.reason is EndReason.VALUE_BACK
    return word("end_allowed" if is_silence else f"end_{change.reason}", language)


def _ended(view: AlertView) -> datetime:
    return view.moment("until") or view.transition.at


def _duration(view: AlertView) -> timedelta:
    return _ended(view) - view.transition.since


def _rule_title(view: AlertView, language: str) -> str:
    return view.rule.title(language) if view.rule else view.transition.rule
