"""Why a recipient gets a message of a case now: what happened since the version that the recipient knows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.case.life import TO
from alerts.case.steps import CHANGED
from alerts.delivery.escalate import PERSON
from alerts.mail.view.case_mail import MailNews
from schemas.alert_case import CaseState, StepKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from schemas.alert_case import AlertCase, CaseStep

_BY_STEP = {
    StepKind.RAISED: MailNews.RAISED,
    StepKind.REOPENED: MailNews.REOPENED,
    StepKind.AMENDED: MailNews.AMENDED,
    StepKind.REMINDED: MailNews.REMINDED,
    StepKind.ESCALATED: MailNews.ESCALATED,
    StepKind.ASSIGNED: MailNews.ASSIGNED,
    StepKind.HANDED_OVER: MailNews.ASSIGNED,
    StepKind.EXTENDED: MailNews.EXTENDED,
    StepKind.MERGED: MailNews.EXTENDED,
    StepKind.TAKEN: MailNews.TAKEN,
    StepKind.RELEASED: MailNews.RELEASED,
    StepKind.COMMENTED: MailNews.COMMENTED,
}
"""The weightiest first."""


def mail_news(case: AlertCase, known: int, recipient: str, *, is_theirs: bool = True) -> MailNews | None:
    """What a message says first; None where nothing is to be said.

    Parameters
    ----------
    case : AlertCase
        With all its steps.
    known : int
        Version that the recipient knows; 0: none.
    recipient : str
        Person's id.
    is_theirs : bool
        False where the case was moved to other recipients.
    """
    steps = [item for item in case.steps if item.number > known]
    if case.state is CaseState.MERGED:
        return None
    if not is_theirs:
        return MailNews.MOVED if known else None
    if not known:
        return _first(case, recipient)
    if case.is_open:
        return _going_on(steps, recipient)
    return _over(case, steps)


def is_too_old(case: AlertCase, max_age: timedelta) -> bool:
    """Whether a case was over for longer than ``max_age`` when it was found: it is recorded, not mailed. Zero: none is."""
    first = case.steps[0]
    is_late = first.kind is StepKind.LATE_KNOWN and len(case.steps) == 1 and case.ended_at is not None
    return bool(max_age) and is_late and case.ended_at is not None and first.recorded_at - case.ended_at > max_age


def _first(case: AlertCase, recipient: str) -> MailNews | None:
    """To a recipient who knows nothing of the case: one that was withdrawn or closed by then is not reported."""
    if case.state is CaseState.ENDED:
        return MailNews.ENDED_LATE
    if not case.is_open:
        return None
    for step in reversed(case.steps):
        if step.kind in {StepKind.ASSIGNED, StepKind.HANDED_OVER} and step.figures.get(TO) == recipient:
            return MailNews.ASSIGNED
        if step.kind is StepKind.ESCALATED and step.figures.get(PERSON) == recipient:
            return MailNews.ESCALATED
    return MailNews.OPENED


def _going_on(steps: Sequence[CaseStep], recipient: str) -> MailNews:
    found = {item.kind for item in steps if _concerns(item, recipient)}
    return next((news for kind, news in _BY_STEP.items() if kind in found), MailNews.EXTENDED)


def _concerns(step: CaseStep, recipient: str) -> bool:
    if step.kind is StepKind.ESCALATED:
        return step.figures.get(PERSON) == recipient
    if step.kind in {StepKind.ASSIGNED, StepKind.HANDED_OVER}:
        return step.figures.get(TO) == recipient
    return step.kind is not StepKind.AMENDED or bool(step.figures.get(CHANGED))


def _over(case: AlertCase, steps: Sequence[CaseStep]) -> MailNews | None:
    kinds = {item.kind for item in steps}
    if case.state is CaseState.WITHDRAWN:
        return MailNews.WITHDRAWN if StepKind.WITHDRAWN in kinds else MailNews.AMENDED
    if StepKind.ENDED in kinds:
        return MailNews.ENDED
    if StepKind.RESOLVED in kinds:
        # after the all-clear the cause is on the page of the case
        return MailNews.RESOLVED if case.ended_at is None else None
    return MailNews.AMENDED if StepKind.AMENDED in kinds else None
