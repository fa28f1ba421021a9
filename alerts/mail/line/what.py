"""The first of the six lines: what happened, by kind of case and by what became of it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.engine import is_beyond
from alerts.mail.line.quantity import figure, with_unit
from alerts.mail.view.case_mail import MailNews
from alerts.mail.view.mail_value import MailValue
from alerts.mail.view.station import StationState
from alerts.wording import number_text
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.mail.line.draft import MailDraft

MOST_COMPANIONS = 3
MOST_CITIES = 5
HOUR = timedelta(hours=1)


def what(draft: MailDraft) -> str:
    """The line."""
    news = draft.view.news
    if news in _BY_NEWS:
        return _BY_NEWS[news](draft)
    if draft.view.is_over and draft.view.lead is not None and draft.view.fault is None:
        return _ended(draft)
    return _BY_KIND.get(draft.view.kind, _value)(draft)


def companions_text(draft: MailDraft) -> str:
    """Other parameters of the station that rose, each with its usual value; empty without any."""
    t, shown = draft.t, []
    for item in draft.view.companions[:MOST_COMPANIONS]:
        value = figure(item.value, item.decimals, draft.language)
        if draft.view.lead is None or item.unit != draft.lead.unit:
            value = with_unit(value, item.unit)
        name = draft.parameter(item.parameter)
        if item.usual is None:
            shown.append(f"{name} {value}")
            continue
        usual = figure(MailValue(value=item.usual), item.decimals, draft.language)
        shown.append(t("what.companion", name=name, value=value, usual=usual))
    return t("what.companions", names=draft.listed(shown)) if shown else ""


def _level(draft: MailDraft) -> str:
    """Title of the rule, and which hour or how long."""
    view, t = draft.view, draft.t
    title = view.rule.title.of(draft.language) if view.rule else t("what.untitled", name=draft.parameter())
    lead = draft.lead
    until = lead.latest.at if lead.latest and lead.latest.at else view.now
    lasted = max(until - view.since, timedelta())
    if lead.cadence >= HOUR:
        return t("what.hour", title=title, hour=max(1, -(-lasted // HOUR)))
    return t("what.span", title=title, length=draft.length(lasted))


def _value(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    if view.lead is None:
        return view.rule.title.of(draft.language) if view.rule else draft.place()
    if view.is_back:
        return _ended(draft)
    if len(view.stations) > 1:
        return _several(draft)
    rise = ""
    if draft.lead.before is not None and draft.lead.before.at is not None and draft.lead.extreme is not None:
        peak = draft.lead.extreme
        # an extreme's moment is the start of its interval, that of the value before its end
        length = (peak.at or view.now) + draft.lead.cadence - draft.lead.before.at
        key = "what.fall" if draft.lead.is_below else "what.rise"
        rise = t(key, length=draft.length(length), before=draft.shown(draft.lead.before), value=draft.shown(peak))
    limit = t("what.baseline", baseline=_baseline(draft)) if draft.lead.baseline is not None else ""
    return draft.joined([_level(draft), limit or rise, companions_text(draft)])


def _baseline(draft: MailDraft) -> str:
    return with_unit(number_text(draft.lead.baseline, draft.lead.decimals, draft.language), draft.lead.unit)


def _several(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    # others passed a lower limit, or that of another parameter
    past = [item for item in view.stations if item.extreme is not None and _is_beyond(draft, item.extreme)]
    risen = len(past)
    beyond = sum(item.state is StationState.BEYOND and _is_beyond(draft, item.latest) for item in past)
    worst = view.worst_now or view.worst_ever or view.stations[0]
    key = "what.region" if len(view.cities) > 1 else "what.city"
    counts = t(
        key,
        count=len(view.stations),
        risen=risen,
        beyond=beyond,
        cities=len(view.cities),
        name=draft.parameter(),
        limit=draft.limit_quantity,
    )
    names = draft.listed(item.of(draft.language) for item in view.cities[:MOST_CITIES])
    names += " …" if len(view.cities) > MOST_CITIES else ""
    value = draft.quantity(draft.value_now if view.worst_now else draft.extreme)
    most = t("what.most", station=worst.name.of(draft.language), value=value)
    return draft.joined([counts, names if len(view.cities) > 1 else "", most, companions_text(draft)])


def _is_beyond(draft: MailDraft, value: MailValue | None) -> bool:
    """Whether a value is beyond the limit, or not known: an alert stays open for a while after its values are back."""
    limit = draft.lead.threshold
    if value is None or limit is None:
        return True
    return is_beyond(value.value, limit, above=not draft.lead.is_below)


def _ended(draft: MailDraft) -> str:
    view, t, lead = draft.view, draft.t, draft.lead
    ended = view.ended_at or view.back_at or view.now
    length = draft.length(lead.beyond if lead.beyond is not None else ended - view.since)
    span = t(
        "what.ended_below" if lead.is_below else "what.ended",
        first=draft.clock(view.since),
        last=draft.clock(ended),
        limit=draft.limit_quantity,
        length=length,
    )
    peak = ""
    if lead.extreme is not None:
        at = lead.extreme.at
        when = t("at", when=draft.clock(at)) if at is not None else ""
        peak = t("what.lowest" if lead.is_below else "what.peak", value=draft.quantity(lead.extreme), when=when)
    late = t("what.late") if view.news is MailNews.ENDED_LATE else ""
    return draft.joined([span, peak, late])


def _withdrawn(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    if view.lead is None or view.lead.extreme is None:
        return t("what.withdrawn_plain", when=draft.since())
    key = "what.recalled" if view.news is MailNews.MOVED else "what.withdrawn"
    return t(key, when=draft.since(), name=draft.parameter(), value=draft.quantity(view.lead.extreme))


def _moved(draft: MailDraft) -> str:
    return draft.joined([_withdrawn(draft), draft.t("what.moved")])


def _amended(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    if not view.changes and not view.is_over:
        return draft.joined([t("what.amended_other"), _BY_KIND.get(view.kind, _value)(draft)])
    changes = [
        t(
            f"what.amended_{item.figure}",
            before=_amount(draft, item.figure, item.before),
            after=_amount(draft, item.figure, item.after),
        )
        for item in view.changes
    ]
    return draft.joined([*changes, "" if view.is_over else t("what.amended_stays")])


def _amount(draft: MailDraft, name: str, value: float) -> str:
    if name == "stations" or draft.view.lead is None:
        return number_text(value, 0 if name == "stations" else 1, draft.language)
    return draft.quantity(MailValue(value=value))


def _silence(draft: MailDraft) -> str:
    silence, t = draft.view.silence, draft.t
    if silence is None:
        return draft.place()
    place = silence.place.of(draft.language) or t("province")
    key = "what.silent_over" if draft.view.is_over else "what.silent"
    return t(key, place=place, silent=silence.silent, total=silence.total, when=draft.since())


def _failure(draft: MailDraft) -> str:
    failure, t = draft.view.failure, draft.t
    if failure is None:
        return _silence(draft)
    dark = t("what.dark", count=failure.stations) if failure.stations else ""
    return draft.joined([t("what.failure", title=failure.title.of(draft.language), when=draft.since()), dark])


def _fault(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    fault = view.fault
    if view.is_silent_station and view.ended_at is not None:
        first, last = draft.clock(view.since), draft.clock(view.ended_at)
        return t("what.silent_station_over", station=draft.place(), first=first, last=last)
    if view.is_silent_station:
        return t("what.silent_station", station=draft.place(), when=draft.since())
    if fault is None or view.lead is None:
        return view.rule.title.of(draft.language) if view.rule else draft.place()
    model = f" ({fault.model})" if fault.model else ""
    named = {"instrument": fault.instrument_id + model, "name": draft.parameter()}
    if view.ended_at is not None:
        return t("what.fault_over", **named, first=draft.clock(view.since), last=draft.clock(view.ended_at))
    first = t("what.fault", **named, when=draft.since())
    invalid = t("what.invalid_hours", count=fault.invalid_hours) if fault.invalid_hours else ""
    return draft.joined([first, invalid])


def _forecast(draft: MailDraft) -> str:
    if draft.view.lead is None:
        return draft.place()
    t, lead = draft.t, draft.lead
    at = draft.clock(lead.extreme.at) if lead.extreme and lead.extreme.at else ""
    band = next((item for item in lead.forecast if lead.extreme and item.start == lead.extreme.at), None)
    first = t("what.forecast", name=draft.parameter(), limit=draft.limit_quantity, when=draft.since())
    most = t("what.forecast_most", value=draft.quantity(lead.extreme), when=at)
    if band is None or band.low is None or band.high is None:
        return draft.joined([first, most])
    low, high = (draft.shown(MailValue(value=item)) for item in (band.low, band.high))
    return draft.joined([first, most + t("what.band", low=low, high=high)])


def _proposal(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    warning = view.warning
    if warning is None:
        return draft.place()
    cities = draft.listed(item.of(draft.language) for item in view.cities)
    first, last = draft.clock(warning.first), draft.clock(warning.last)
    text = t(f"what.proposal_{warning.act}", cities=cities, level=t(f"label.{warning.level}"), first=first, last=last)
    aqi = t("what.aqi", value=round(warning.aqi)) if warning.aqi is not None else ""
    return draft.joined([text, aqi])


_BY_NEWS: dict[MailNews, Callable[[MailDraft], str]] = {
    MailNews.WITHDRAWN: _withdrawn,
    MailNews.MOVED: _moved,
    MailNews.AMENDED: _amended,
}
_BY_KIND: dict[CaseKind, Callable[[MailDraft], str]] = {
    CaseKind.LINE: _silence,
    CaseKind.SYSTEM: _failure,
    CaseKind.FAULT: _fault,
    CaseKind.FORECAST: _forecast,
    CaseKind.WARNING: _proposal,
}
