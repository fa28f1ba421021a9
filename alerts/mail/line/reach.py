"""Local or regional, and what kind of event, in a few words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.line.certainty import grade_of
from analysis.case.case_file import EventKind
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.case_mail import CaseMail

REGION_CITIES = 2
"""Cities from which on a case is called regional. Project's choice."""


def reach_key(view: CaseMail) -> str:
    """``alone``, ``city`` or ``region``: where the stations of the case are."""
    if len(view.cities) >= REGION_CITIES:
        return "region"
    return "city" if len(view.stations) > 1 else "alone"


def event_kind(view: CaseMail) -> EventKind | None:
    """Kind of event by the case file; None without one, where it cannot tell, and of several cities by one that is of a single station."""
    kind = view.case_file.case.kind if view.case_file else None
    is_narrower = kind in {EventKind.PLUME, EventKind.FAULT} and reach_key(view) == "region"
    return None if kind is EventKind.UNKNOWN or is_narrower else kind


def reach_forms(draft: MailDraft) -> list[str]:
    """What a subject says of reach and cause, the longest form first."""
    view, t = draft.view, draft.t
    if view.kind in {CaseKind.LINE, CaseKind.SYSTEM, CaseKind.FORECAST, CaseKind.WARNING, CaseKind.FAULT}:
        return _by_kind(draft)
    reach = t(f"reach.{reach_key(view)}")
    kind = event_kind(view)
    likely = t(f"reach.kind_{kind}") if kind else ""
    both = t("reach.both", reach=reach, likely=likely) if likely else reach
    graded = t("reach.graded", text=both, grade=t(f"grade.{grade_of(view)}"))
    return list(dict.fromkeys([graded, both, likely or reach, reach]))


def _by_kind(draft: MailDraft) -> list[str]:
    view, t = draft.view, draft.t
    grade = t(f"grade.{grade_of(view)}")
    if view.is_silent_station:
        return [t("reach.silent")]
    if view.kind is CaseKind.FAULT:
        return [t("reach.graded", text=t("reach.fault"), grade=grade), t("reach.fault")]
    if view.kind is CaseKind.LINE:
        return [t("reach.line")]
    if view.kind is CaseKind.SYSTEM:
        is_of_station = view.failure is not None and view.failure.is_of_station
        return [t("reach.of_station" if is_of_station else "reach.system")]
    text = t("reach.forecast") if view.kind is CaseKind.FORECAST else t("reach.proposal")
    # the figures say so themselves: left out at last
    return [t("reach.graded", text=text, grade=grade), text, *([""] if view.kind is CaseKind.WARNING else [])]
