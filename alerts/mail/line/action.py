"""What to do, in the order of doing it: by kind of case, how sure it is, and who has it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.line.certainty import grade_of
from alerts.mail.line.reach import event_kind, reach_key
from alerts.mail.view.case_mail import MailNews
from alerts.wording import without_stop
from analysis.case.case_file import EventKind
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.case_mail import CaseMail


PASSIVE = frozenset({"others", "none", "watch"})
"""Steps that ask nothing of the reader."""
ADVICE = "advice"
"""Step of what a part of the system reports: the advice of its rule."""


def actions(draft: MailDraft) -> list[str]:
    """The steps in the reader's language."""
    return [step_text(draft, key) for key in action_keys(draft.view)]


def step_text(draft: MailDraft, key: str) -> str:
    """One step in the reader's language."""
    if key == ADVICE and draft.view.rule is not None:
        return without_stop(draft.view.rule.advice.of(draft.language), draft.language)
    return draft.t(f"act.{key}")


def action_keys(view: CaseMail) -> list[str]:
    """Keys of the steps; at least one."""
    is_of_another = view.people.taken_by is not None and not view.people.is_reader
    if view.news in _BY_NEWS:
        return _BY_NEWS[view.news]
    if is_of_another:
        return ["none" if view.is_over else "others"]
    if view.is_over:
        return ["resolve"]
    if view.is_back:
        return ["watch"]
    steps = list(_open_steps(view))
    if view.people.taken_by is None and view.kind is not CaseKind.WARNING:
        steps.append("take")
    return steps


def _open_steps(view: CaseMail) -> list[str]:
    if view.is_silent_station:
        return _SILENT
    if view.failure is not None and not view.failure.stations and view.rule is not None:
        return [ADVICE]
    return _BY_KIND.get(view.kind) or _of_event(view)


def _of_event(view: CaseMail) -> list[str]:
    if view.kind is CaseKind.RADIATION:
        return ["radiation_check", "radiation_report"]
    reach = reach_key(view)
    steps = ["check_instrument"] if reach == "alone" and grade_of(view) != "high" else []
    if reach == "region" or event_kind(view) in {EventKind.HAZE, EventKind.OZONE, EventKind.DUST}:
        return [*steps, "consult", "public"]
    return [*steps, "upwind", "consult"]


_BY_NEWS = {
    MailNews.WITHDRAWN: ["inform_withdrawn"],
    MailNews.MOVED: ["none"],
    MailNews.RESOLVED: ["none"],
}
_SILENT = ["call_station", "power", "no_backfill"]
_BY_KIND = {
    CaseKind.LINE: ["carrier", "power", "no_backfill"],
    CaseKind.SYSTEM: ["restart", "log"],
    CaseKind.FAULT: ["remote", "visit", "mark_hours"],
    CaseKind.FORECAST: ["consult", "measures"],
    CaseKind.WARNING: ["read_draft", "issue"],
}
