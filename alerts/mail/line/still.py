"""The last of the six lines: whether it is still so, the value now with its age, the extreme so far, the tendency, for how long. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from alerts.mail.line.tendency import STEPS_BEFORE, Tendency, step_of
from alerts.mail.view.case_mail import MailNews
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.mail.line.draft import MailDraft


def still(draft: MailDraft) -> str:
    """The line."""
    view, t = draft.view, draft.t
    if view.news in {MailNews.WITHDRAWN, MailNews.MOVED}:
        return t("still.withdrawn") if view.news is MailNews.WITHDRAWN else t("still.moved")
    if view.is_over:
        return _over(draft)
    is_reported = view.failure is not None and not view.failure.stations
    key = "silent" if view.is_silent_station else "plain" if is_reported else _BY_KIND.get(view.kind)
    return t(f"still.{key}", length=draft.length(abs(view.now - view.since))) if key else _open(draft)


_BY_KIND = {
    CaseKind.LINE: "silent",
    CaseKind.SYSTEM: "silent",
    CaseKind.FAULT: "fault",
    CaseKind.FORECAST: "forecast",
    CaseKind.WARNING: "proposal",
}


def _over(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    ended = t("still.over", when=draft.clock(view.ended_at)) if view.ended_at else t("still.resolved")
    return draft.joined([ended, _now(draft)])


def _now(draft: MailDraft) -> str:
    """The value now with its age; empty without one."""
    value = None if draft.view.lead is None else draft.value_now
    return "" if value is None else draft.t("still.now", value=draft.quantity(value), age=draft.age(value))


def _open(draft: MailDraft) -> str:
    view, t, lead = draft.view, draft.t, draft.view.lead
    if lead is None:
        return t("still.plain", length=draft.length(view.now - view.since))
    if view.is_back:
        back = t("still.waiting", when=draft.clock(view.back_at or view.now))
        return draft.joined([back, _now(draft), t("still.waits")])
    parts = [t("still.yes") + draft.t("colon") + _now(draft) if lead.latest else t("still.unknown")]
    if draft.tendency is not Tendency.UNKNOWN:
        before = STEPS_BEFORE * step_of(lead.cadence)
        parts.append(t(f"still.{draft.tendency}", length=draft.length(before)))
    extreme, now = draft.extreme, draft.value_now
    if extreme is not None and now is not None and extreme.value != now.value:
        when = t("at", when=draft.clock(extreme.at)) if extreme.at else ""
        parts.append(t("still.lowest" if lead.is_below else "still.extreme", value=draft.shown(extreme), when=when))
    parts.append(t("still.lasting", length=draft.length(view.now - view.since)))
    parts.append(outlook(draft))
    return draft.joined(parts)


def outlook(draft: MailDraft) -> str:
    """When the forecast's median is back for two hours; empty without a forecast."""
    lead = draft.view.lead
    if lead is None or lead.threshold is None or not lead.forecast or lead.is_below:
        return ""
    back = _back_at(draft, lead.threshold)
    if back is None:
        hours = round((lead.forecast[-1].start - draft.view.now).total_seconds() / 3600) + 1
        return draft.t("still.not_back", hours=hours)
    return draft.t("still.back", when=draft.clock(back))


def _back_at(draft: MailDraft, limit: float) -> datetime | None:
    """First of two forecast hours in a row that are not beyond the threshold."""
    points = draft.lead.forecast
    for one, two in pairwise(points):
        if one.median <= limit and two.median <= limit:
            return one.start
    return None
