"""A person's action on a case: checked, stored as its next step; those whom it concerns are notified of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.case.action import REFERENCE, ActionRequest, CaseAction, step_of
from alerts.people.person import MAIL
from alerts.people.route import TEAM_PREFIX
from alerts.run.case import add_step

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert_case import AlertCase
    from store.state import StateStore

_GIVEN = frozenset({CaseAction.ASSIGN, CaseAction.HAND_OVER})


def act(state: StateStore, case_id: str, request: ActionRequest, now: datetime) -> AlertCase | None:
    """Add the step of a request to a case; to the one that it is part of, where it joined another.

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
    before = case_now(state, case_id)
    if before is None:
        return None
    if request.reference and any(item.figures.get(REFERENCE) == request.reference for item in before.steps):
        return before
    after = add_step(state, lambda case: step_of(case, request, now), before.id, now)
    if after is not None:
        for recipient, channel in _concerned(state, before, after, request):
            state.notices.want(after.id, recipient, channel, version=after.version, due_at=now)
    return after


def case_now(state: StateStore, case_id: str) -> AlertCase | None:
    """The case, or the older one that it became part of."""
    found = state.cases.get(case_id)
    while found is not None and found.merged_into is not None:
        found = state.cases.get(found.merged_into)
    return found


def _concerned(state: StateStore, before: AlertCase, after: AlertCase, request: ActionRequest) -> set[tuple[str, str]]:
    """Ways to whom a case was given to, and to the others who know of an open case when it changes hands or is resolved."""
    known = [item for item in state.notices.of_cases([after.id]) if item.known and item.recipient != request.by]
    if request.action in _GIVEN:
        own = {(item.recipient, item.channel) for item in known if item.recipient == request.to}
        return own or ({(request.to, MAIL)} if request.to is not None and request.to != request.by else set())
    if request.action is CaseAction.COMMENT:
        return {(item.recipient, item.channel) for item in known if item.recipient == after.taken_by}
    is_changed = before.taken_by != after.taken_by
    if before.is_open and (is_changed or request.action is CaseAction.RESOLVE):
        return {(item.recipient, item.channel) for item in known if not item.recipient.startswith(TEAM_PREFIX)}
    return set()
