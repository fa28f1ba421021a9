"""Why a recipient gets a mail of a case: what the steps that the recipient does not know yet amount to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.case_view import MailNews
from schemas.alert_case import CaseState, StepKind

if TYPE_CHECKING:
    from schemas.alert_case import AlertCase, Audience

BY_STEP = {
    StepKind.ESCALATED: MailNews.ESCALATED,
    StepKind.ASSIGNED: MailNews.ASSIGNED,
    StepKind.HANDED_OVER: MailNews.ASSIGNED,
    StepKind.REOPENED: MailNews.REOPENED,
    StepKind.RAISED: MailNews.RAISED,
    StepKind.AMENDED: MailNews.AMENDED,
    StepKind.EXTENDED: MailNews.EXTENDED,
    StepKind.MERGED: MailNews.EXTENDED,
    StepKind.REMINDED: MailNews.REMINDED,
    StepKind.RELEASED: MailNews.RELEASED,
    StepKind.TAKEN: MailNews.TAKEN,
    StepKind.COMMENTED: MailNews.COMMENTED,
}
"""News of a step of an open case; of several steps the first of this table is the news."""
_BY_STATE = {CaseState.WITHDRAWN: MailNews.WITHDRAWN, CaseState.RESOLVED: MailNews.RESOLVED}


def news_of(case: AlertCase, *, known: int, audience: Audience) -> MailNews:
    """The news for a recipient.

    Parameters
    ----------
    case : AlertCase
        With its steps.
    known : int
        Version that the recipient was last mailed; 0: none.
    audience : Audience
        Of the recipient. A recipient of another audience than the case's gets the last mail, that it has moved.

    Returns
    -------
    MailNews
        `MailNews.OPENED` for the first mail of an open case, unless it comes by escalation or assignment.
    """
    if audience is not case.audience and case.state is CaseState.OPEN:
        return MailNews.MOVED
    if case.state in _BY_STATE:
        return _BY_STATE[case.state]
    if case.state is CaseState.ENDED:
        return MailNews.ENDED if known else MailNews.ENDED_LATE
    kinds = {step.kind for step in case.steps if step.number > known}
    found = next((news for kind, news in BY_STEP.items() if kind in kinds), MailNews.OPENED)
    is_personal = found in {MailNews.ESCALATED, MailNews.ASSIGNED}
    return found if known or is_personal else MailNews.OPENED
