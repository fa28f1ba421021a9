"""What a person does to a case, as the step of it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from alerts.case.cause import ResolveCause
from alerts.case.life import CAUSE, TO, UNTIL, CaseStepError, StepRefusal
from schemas.alert_case import AlertCase, CaseStep, StepKind
from schemas.plain_text import plain_text

TEXT, DECLINED = "text", "is_declined"
"""Keys of the figures of a step: a comment's text; that a comment declines the case."""
VIA, REFERENCE = "via", "reference"
MUTED_FOR = timedelta(hours=1)
LONGEST_MUTE = timedelta(days=30)
"""Of a mute that a person sets for a case or by a command, from now on; project's choice."""
MOST_CHARACTERS = 2_000
"""Of a comment."""


class CaseAction(StrEnum):
    """What a person can do."""

    TAKE = "take"
    RELEASE = "release"
    DECLINE = "decline"
    """It is not this person's: a comment that says so, or the release of a case that the person has; the next one is notified."""
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    COMMENT = "comment"
    MUTE = "mute"
    UNMUTE = "unmute"
    RESOLVE = "resolve"


class ActionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to do.

    Attributes
    ----------
    by : str
        Person's id.
    to : str or None
        Person's id, of `CaseAction.ASSIGN` and `CaseAction.HAND_OVER`.
    text : str
        A comment; also with any other action.
    until : datetime or None
        Aware, of `CaseAction.MUTE`; None: `MUTED_FOR` from now on.
    cause : ResolveCause or None
        Of `CaseAction.RESOLVE`.
    via : str
        By which way it came: ``link``, ``mail``, ``command``, ``page`` or ``api``.
    reference : str
        Of what it came by, such as a Message-ID: what has the same reference is done once.
    """

    action: CaseAction
    by: str
    to: str | None = None
    text: str = ""
    until: datetime | None = None
    cause: ResolveCause | None = None
    via: str = ""
    reference: str = ""


_KINDS = {
    CaseAction.TAKE: StepKind.TAKEN,
    CaseAction.RELEASE: StepKind.RELEASED,
    CaseAction.DECLINE: StepKind.COMMENTED,
    CaseAction.ASSIGN: StepKind.ASSIGNED,
    CaseAction.HAND_OVER: StepKind.HANDED_OVER,
    CaseAction.COMMENT: StepKind.COMMENTED,
    CaseAction.MUTE: StepKind.MUTED,
    CaseAction.UNMUTE: StepKind.UNMUTED,
    CaseAction.RESOLVE: StepKind.RESOLVED,
}


def step_of(case: AlertCase, request: ActionRequest, now: datetime) -> CaseStep:
    """The step of a request, as the next one of a case; whether the case allows it says `alerts.case.life.follow`.

    Raises `CaseStepError` for a comment without text.

    Parameters
    ----------
    now : datetime
        UTC.
    """
    until = now + MUTED_FOR if request.action is CaseAction.MUTE and request.until is None else request.until
    text = plain_text(request.text).strip()[:MOST_CHARACTERS]
    if request.action is CaseAction.COMMENT and not text:
        raise CaseStepError(StepRefusal.INCOMPLETE, case=case.id, needed=TEXT)
    is_holder = request.action is CaseAction.DECLINE and case.taken_by == request.by
    figures: dict[str, Any] = {
        TO: request.to,
        TEXT: text or None,
        VIA: request.via or None,
        REFERENCE: request.reference or None,
        UNTIL: until.isoformat() if until is not None else None,
        CAUSE: request.cause.value if request.cause is not None else None,
        DECLINED: request.action is CaseAction.DECLINE or None,
    }
    return CaseStep(
        case_id=case.id,
        number=case.version + 1,
        kind=StepKind.RELEASED if is_holder else _KINDS[request.action],
        at=now,
        recorded_at=now,
        by=request.by,
        figures={key: value for key, value in figures.items() if value is not None},
    )
