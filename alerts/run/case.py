"""Assign new transitions to cases: read, decide, write, in this order; then ask for the notices that follow.

Several processes may do so at once: a round whose cases were changed by another worker since it read them writes nothing, and
reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from alerts.case.alert import AlertFigures, NewTransition, with_progress
from alerts.case.decide import LOOK_BACK, CaseRound, DecidedCase, decide, present_alerts
from alerts.case.group import CaseAir
from alerts.case.life import fold, follow, ordered
from alerts.case.news import WantedNotice, wanted
from schemas.alert import AlertState
from store.state import CaseChange, NoticeRequest, StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from alerts.case.group import AlertRef
    from schemas.alert_case import AlertCase, CaseAlert, CaseStep, CaseVerdict
    from schemas.network import Network
    from store.state import AlertStatus

ROUNDS = 5
"""Attempts of one call against other workers."""
_log = structlog.get_logger(__name__)


class CaseEvidence(Protocol):
    """What is known of the air and of the instruments; an answer may be empty."""

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises and winds of the hours of these alerts."""

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """Fault or event of these alerts."""


class NoEvidence:
    """Nothing is known: alerts are grouped by themselves, and none is a fault."""

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Nothing."""
        del alerts, now
        return CaseAir()

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """None."""
        del alerts, now
        return {}


class NoticeTarget(NamedTuple):
    """A recipient of a notice with its channel, not before a moment (quiet hours); None: at once."""

    recipient: str
    channel: str
    not_before: datetime | None = None


Route = Callable[[WantedNotice], Iterable[NoticeTarget]]
"""Who is notified of a case."""


def assign_cases(
    state: StateStore, network: Network, now: datetime, *, evidence: CaseEvidence, route: Route
) -> list[AlertCase]:
    """Bring all cases up to date with the stored transitions, and ask for the notices.

    Parameters
    ----------
    state : StateStore
    network : Network
    now : datetime
        UTC.
    evidence : CaseEvidence
    route : callable
        Who is notified of a case.

    Returns
    -------
    list of AlertCase
        Cases that changed, with all their steps.

    Raises
    ------
    store.error.StoreError
    """
    for _ in range(ROUNDS):
        seen = state.cases.newest_step()
        inputs = _read(state, network, now, evidence)
        decided = decide(inputs)
        assigned = [item.id for item in inputs.fresh]
        if not decided and not assigned:
            return []
        changes = [CaseChange(case=item.after, after=item.before.version if item.before else 0) for item in decided]
        whole = [_whole(state, item) for item in decided]
        notices = [request for item in whole for request in _requests(wanted(*item, now), route)]
        if state.cases.append(changes, assigned=assigned, seen=seen, notices=notices) is not None:
            _withdraw_merged(state, whole)
            return [item.after for item in whole]
    _log.warning("cases_not_assigned", attempts=ROUNDS, waiting=len(assigned))
    return []


def add_step(
    state: StateStore, step: Callable[[AlertCase], CaseStep], case_id: str, now: datetime, *, route: Route | None = None
) -> AlertCase | None:
    """Add a person's step to a case; None where there is no such case or others kept changing it.

    Parameters
    ----------
    step : callable
        Makes the step of the case as it is; its number is the case's version plus one.
    route : callable or None
        Who is notified of the case; None: this step is reported to no one.

    Raises
    ------
    alerts.case.life.CaseStepError
        The case does not allow it.
    """
    for _ in range(ROUNDS):
        before = state.cases.get(case_id)
        if before is None:
            return None
        after = follow(before, step(before))
        notices = [] if route is None else list(_requests(wanted(before, after, now), route))
        if state.cases.append([CaseChange(case=after, after=before.version)], notices=notices) is not None:
            return after
    return None


def figures_of(states: Mapping[str, AlertStatus]) -> dict[AlertRef, AlertFigures]:
    """How far firing alerts have gone."""
    return {
        (status.alert_key, status.transition_id): AlertFigures(
            status.progress.extreme, status.progress.extreme_at, status.progress.latest, status.progress.latest_at
        )
        for status in states.values()
        if status.state is AlertState.FIRING
    }


def present_cases(state: StateStore, cases: Iterable[AlertCase]) -> list[AlertCase]:
    """Cases with the present figures of their open alerts, the worst first by these."""
    known = list(cases)
    keys = {item.alert_key for case in known for item in case.alerts if item.is_open}
    figures = figures_of(state.alerts.get_states(keys=keys)) if keys else {}
    return [ordered(with_progress(case, figures)) for case in known]


def _read(state: StateStore, network: Network, now: datetime, evidence: CaseEvidence) -> CaseRound:
    cases = state.cases.list_recent(now - LOOK_BACK)
    fresh = [NewTransition(item.id, item.transition) for item in state.cases.list_unassigned()]
    figures = figures_of(state.alerts.get_states(open_or=()))
    inputs = CaseRound(cases=cases, fresh=fresh, network=network, now=now, progress=figures)
    present = [alert for alert in present_alerts(inputs) if alert.parameter is not None]
    if not present:
        return inputs
    return replace(inputs, air=evidence.air(present, now), verdicts=evidence.verdicts(present, now))


def _whole(state: StateStore, item: DecidedCase) -> DecidedCase:
    """With all steps of the case; as decided it has the new ones only."""
    if item.before is None:
        return item
    version = item.before.version
    added = [step for step in item.after.steps if step.number > version]
    # of another worker there may be later steps already: then these are refused, and made again
    known = [step for step in state.cases.list_steps(item.after.id) if step.number <= version]
    return item._replace(after=fold([*known, *added]))


def _withdraw_merged(state: StateStore, decided: Sequence[DecidedCase]) -> None:
    """Notices of a case that is now part of another are no longer wanted."""
    for _, case in decided:
        if case.merged_into is not None:
            state.notices.withdraw(case.id, detail=f"merged into {case.merged_into}")


def _requests(notices: Iterable[WantedNotice], route: Route) -> Iterator[NoticeRequest]:
    for item in notices:
        for target in route(item):
            yield NoticeRequest(
                case_id=item.case.id,
                recipient=target.recipient,
                channel=target.channel,
                version=item.case.version,
                due_at=max(item.not_before, target.not_before or item.not_before),
            )
