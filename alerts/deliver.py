"""One delivery round: claim, decide what is mailed, group, send, note the outcome."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from alerts import email
from alerts.cause import attribute_missing
from alerts.evidence import Sources, gather
from alerts.message import Envelope, compose, message_id, render
from schemas.alert import AlertState, Severity
from store.state.alert import EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition
    from store.state import ClaimedTransition

MAILED = "alert_mail"
"""Kind of the documents that say what became of the newest raise of an alert: outcome, message_id, root."""
SAME_END = timedelta(hours=3)
MOST_CLAIMS = 500
MOST_ALERTS_A_MAIL = 100
_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_log = structlog.get_logger(__name__)


def deliver_round(sources: Sources, settings: AlertSettings, *, worker: str, now: datetime) -> int:
    """Claim what is due and mail it; returns the mails handed over."""
    claims = list(_claim(sources, worker))
    wanted = []
    for claim in claims:
        why_not = _why_not(sources, settings, claim, claims, now)
        if why_not is None:
            wanted.append(claim)
        else:
            _note(sources, [claim], outcome=why_not, envelope=None)
            sources.state.finish_delivery(claim.delivery_id, ok=True, detail=f"not mailed: {why_not}", worker=worker)
    attribute_missing(settings, sources.state, [claim.transition for claim in wanted], now)
    groups = sorted(
        _groups(wanted, sources.rules.group_over), key=lambda group: min(claim.transition.at for claim in group)
    )
    return sum(_send(sources, settings, group, worker=worker, now=now) for group in groups)


def _claim(sources: Sources, worker: str) -> Iterator[ClaimedTransition]:
    for _ in range(MOST_CLAIMS):
        claim = sources.state.claim_delivery(worker, EMAIL)
        if claim is None:
            return
        yield claim


def _why_not(
    sources: Sources,
    settings: AlertSettings,
    claim: ClaimedTransition,
    round_: Sequence[ClaimedTransition],
    now: datetime,
) -> str | None:
    """Why a transition is not mailed; None when it is."""
    transition = claim.transition
    if transition.to_state is AlertState.OK:
        raised = sources.state.get_document(MAILED, transition.alert_key)
        outcome = raised.body.get("outcome") if raised else None
        if outcome == "inhibited" and _ended_with_higher(sources, transition, round_):
            return "a higher level ended with it"
        return None if outcome in {"sent", "inhibited"} else "its beginning was not mailed"
    oldest_h = settings.notify_max_age_h
    if oldest_h is None:
        rule = sources.rules.named(transition.rule)
        oldest_h = rule.notify_max_age_h if rule else 0.0
    if oldest_h and now - transition.at > timedelta(hours=oldest_h):
        return f"older than {oldest_h:g} h"
    return "inhibited" if _is_inhibited(sources, transition, round_) else None


def _is_inhibited(sources: Sources, transition: AlertTransition, round_: Sequence[ClaimedTransition]) -> bool:
    """Whether a more severe alert of the same parameter (and kind) fires at the same station."""
    hour = timedelta(hours=1)
    firing = [
        status.transition
        for status in sources.state.get_alert_states().values()
        if status.state is AlertState.FIRING and status.transition.at <= transition.at + hour
    ]
    # In a replay of history the higher level may have begun and ended long ago: only the same rise counts.
    firing += [
        claim.transition
        for claim in round_
        if claim.transition.to_state is AlertState.FIRING
        and transition.since <= claim.transition.at <= transition.at + hour
    ]
    subject = (transition.station_id, transition.parameter, transition.kind)
    return transition.parameter is not None and any(
        (item.station_id, item.parameter, item.kind) == subject and _RANK[item.severity] > _RANK[transition.severity]
        for item in firing
    )


def _ended_with_higher(sources: Sources, transition: AlertTransition, round_: Sequence[ClaimedTransition]) -> bool:
    """Whether a more severe alert of the same parameter ended at the same station within hours, and says so itself."""
    ended = [status.transition for status in sources.state.get_alert_states().values()]
    ended += [claim.transition for claim in round_]
    return any(
        item.to_state is AlertState.OK
        and (item.station_id, item.parameter, item.kind)
        == (transition.station_id, transition.parameter, transition.kind)
        and _RANK[item.severity] > _RANK[transition.severity]
        and abs(item.at - transition.at) <= SAME_END
        for item in ended
    )


def _groups(claims: Sequence[ClaimedTransition], group_over: int) -> Iterator[list[ClaimedTransition]]:
    """Claims that go as one mail: more than ``group_over`` stations of one rule in one direction; else each its own."""
    by_rule: dict[tuple[str, AlertState], list[ClaimedTransition]] = defaultdict(list)
    for claim in claims:
        by_rule[claim.transition.rule, claim.transition.to_state].append(claim)
    for members in by_rule.values():
        stations = {claim.transition.station_id for claim in members}
        size = MOST_ALERTS_A_MAIL if len(stations) > group_over else 1
        members.sort(key=lambda claim: -abs(claim.transition.value or 0.0) if size > 1 else claim.transition_id)
        yield from (members[first : first + size] for first in range(0, len(members), size))


def _send(
    sources: Sources, settings: AlertSettings, group: Sequence[ClaimedTransition], *, worker: str, now: datetime
) -> int:
    envelope = _envelope(sources, settings, group)
    try:
        views = [gather(sources, claim.transition_id, claim.transition) for claim in group]
        email.send(compose(render(views, settings.language), envelope, now), settings)
    except email.DeliveryError as error:
        _give_back(sources, group, worker, detail=str(error), permanent=error.permanent)
        return 0
    except Exception as error:  # noqa: BLE001 - one alert that cannot be shown must not hold up the others; kept and logged
        _log.exception("alert_mail_broken", transitions=[claim.transition_id for claim in group])
        _give_back(sources, group, worker, detail=f"{type(error).__name__}: {error}", permanent=False)
        return 0
    _note(sources, group, outcome="sent", envelope=envelope)
    for claim in group:
        sources.state.finish_delivery(claim.delivery_id, ok=True, detail=envelope.message_id, worker=worker)
    return 1


def _give_back(
    sources: Sources, group: Sequence[ClaimedTransition], worker: str, *, detail: str, permanent: bool
) -> None:
    _log.warning("alert_mail_failed", detail=detail, permanent=permanent, transitions=len(group))
    for claim in group:
        sources.state.finish_delivery(claim.delivery_id, ok=False, detail=detail, worker=worker, permanent=permanent)


def _envelope(sources: Sources, settings: AlertSettings, group: Sequence[ClaimedTransition]) -> Envelope:
    ids = sorted(claim.transition_id for claim in group)
    identity = str(ids[0]) if len(ids) == 1 else "g" + hashlib.sha256(repr(ids).encode()).hexdigest()[:16]
    return Envelope(
        sender=settings.mail_from,
        recipients=settings.mail_to,
        message_id=message_id(identity, settings.mail_from),
        references=_references(sources, group[0].transition),
    )


def _references(sources: Sources, transition: AlertTransition) -> tuple[str, ...]:
    """The thread: mails of this alert's beginning, and of other levels that fire at the same station and parameter."""
    keys = [transition.alert_key] if transition.to_state is AlertState.OK else []
    if transition.parameter is not None:
        keys += [
            key
            for key, status in sources.state.get_alert_states().items()
            if key != transition.alert_key
            and status.state is AlertState.FIRING
            and (status.transition.station_id, status.transition.parameter)
            == (transition.station_id, transition.parameter)
        ]
    found: list[str] = []
    for key in keys:
        document = sources.state.get_document(MAILED, key)
        thread = document.body.get("thread", []) if document else []
        found += [item for item in thread if item not in found]
    return tuple(found)


def _note(sources: Sources, group: Sequence[ClaimedTransition], *, outcome: str, envelope: Envelope | None) -> None:
    """Remember what became of a beginning, for the thread and for whether its end is mailed."""
    for claim in group:
        if claim.transition.to_state is not AlertState.FIRING:
            continue
        thread = (
            [*envelope.references, envelope.message_id] if envelope else list(_references(sources, claim.transition))
        )
        body = {"outcome": outcome, "transition_id": claim.transition_id, "thread": thread}
        sources.state.put_document(MAILED, claim.transition.alert_key, body)
