"""A person's action on a case: checked, stored as its next step; whom a case is given to is notified of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.case.action import ActionRequest, CaseAction, step_of
from alerts.people.person import MAIL
from alerts.run.case import add_step

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert_case import AlertCase
    from store.state import StateStore

_GIVEN = frozenset({CaseAction.ASSIGN, CaseAction.HAND_OVER})


def act(state: StateStore, case_id: str, request: ActionRequest, now: datetime) -> AlertCase | None:
    """Add the step of a request to a case.

    Parameters
    ----------
    state : StateStore
    case_id : str
    request : ActionRequest
    now : datetime
        UTC.

    Returns
    -------
    AlertCase or None
        The case after it; None where there is no such case, or others kept changing it.

    Raises
    ------
    alerts.case.life.CaseStepError
        The case does not allow it; nothing changed.
    store.error.StoreError
    """
    after = add_step(state, lambda case: step_of(case, request, now), case_id, now)
    if after is not None and request.to is not None and request.to != request.by and request.action in _GIVEN:
        state.notices.want(after.id, request.to, MAIL, version=after.version, due_at=now)
    return after
