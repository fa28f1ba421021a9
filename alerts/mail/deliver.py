"""One delivery round: claim, decide what is mailed, group, send, note the outcome."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from alerts.channels import email
from alerts.mail.case_message import message_id
from alerts.mail.decision import Action, ClaimedAlert, Situation, decide, episodes_of
from alerts.mail.evidence import collect_view
from alerts.mail.first_case import compute_first_cases
from alerts.mail.mail_table import label_kind
from alerts.mail.message import Envelope, compose, render
from alerts.rules.watched import why_unwatched
from ingest.process.guard import describe, divide, say
from schemas.alert import AlertState, RuleKind
from schemas.reason import encode_reason
from store.state.alerts.delivery import EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alerts.mail.decision import Decision
    from alerts.mail.series import Sources
    from alerts.mail.view import AlertView
    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition
    from store.state import AlertStatus, ClaimedTransition

MAILED = "alert_mail"
"""Kind of the documents that hold the mail thread of the newest beginning of an alert."""
MOST_CLAIMS = 500
MOST_ALERTS_A_MAIL = 100
MOST_DEAD = 2
"""Mails in a row at which a server may die in one round. Project's choice."""
LOOK_AGAIN = timedelta(seconds=10)
"""When an end looks again for its beginning, which another worker is mailing."""
_log = structlog.get_logger(__name__)


class DeliveryOutcome(NamedTuple):
    """What a delivery round did: mails handed over, and the last error of those that were not."""

    sent: int
    error: str | None


class _Failure(NamedTuple):
    """Why a mail did not go, and whether the server may be dead for all others."""

    detail: str
    is_of_server: bool = False


class _Post(NamedTuple):
    """An episode that is to be mailed."""

    episode: ClaimedAlert
    is_late: bool

    @property
    def shown(self) -> ClaimedTransition:
        """The transition that the mail shows."""
        return self.episode.last

    @property
    def ids(self) -> list[int]:
        """Deliveries that the mail settles."""
        return [item.delivery_id for item in self.episode.claims]


def deliver_round(sources: Sources, settings: AlertSettings, *, worker: str, now: datetime) -> DeliveryOutcome:
    """Claim what is due and mail it; one that raises before it can be sent is given back, and the others go."""
    outcomes: list[DeliveryOutcome] = []

    def give_back(claim: ClaimedTransition, error: Exception) -> None:
        say("alert_delivery_failed", error, alert=claim.transition.alert_key)
        detail = describe(error)
        sources.state.deliveries.finish(claim.delivery_id, ok=False, detail=detail, worker=worker, permanent=False)
        outcomes.append(DeliveryOutcome(0, detail))

    divide(
        lambda part: outcomes.append(_deliver(part, sources, settings, worker=worker, now=now)),
        list(_claim(sources, worker)),
        give_back,
    )
    errors = [item.error for item in outcomes if item.error]
    return DeliveryOutcome(sum(item.sent for item in outcomes), errors[-1] if errors else None)


def _deliver(
    claims: Sequence[ClaimedTransition], sources: Sources, settings: AlertSettings, *, worker: str, now: datetime
) -> DeliveryOutcome:
    statuses = sources.state.alerts.get_states()
    episodes = list(episodes_of(claims))
    decisions = decide(episodes, _situation(sources, settings, statuses, episodes))
    posts = list(_settle(sources, decisions, statuses, worker))
    begun = [post.shown.transition for post in posts]
    compute_first_cases(settings, sources.influx, sources.state, begun, now)
    groups = sorted(
        _groups(posts, sources.rules.group_over),
        key=lambda group: min(post.episode.claims[0].transition.at for post in group),
    )
    failures = list(_send_all(sources, settings, groups, worker=worker, statuses=statuses, now=now))
    return DeliveryOutcome(failures.count(None), next((item.detail for item in reversed(failures) if item), None))


def _send_all(
    sources: Sources,
    settings: AlertSettings,
    groups: Sequence[Sequence[_Post]],
    *,
    worker: str,
    statuses: Mapping[str, AlertStatus],
    now: datetime,
) -> Iterator[_Failure | None]:
    """Send one mail after the other; a server that dies at several in a row is left alone until the next round.

    Each attempt takes up to minutes, during which no rule is evaluated. A single failure may be due to the mail and delays no other.
    """
    dead, failure = 0, None
    for group in groups:
        if dead < MOST_DEAD:
            failure = _send(sources, settings, group, worker=worker, statuses=statuses, now=now)
            dead = dead + 1 if failure is not None and failure.is_of_server else 0
        else:
            for post in group:
                for delivery_id in post.ids:
                    sources.state.deliveries.release(delivery_id, worker, datetime.now(UTC) + LOOK_AGAIN)
        yield failure


def _claim(sources: Sources, worker: str) -> Iterator[ClaimedTransition]:
    count = 0
    while count < MOST_CLAIMS and (claims := sources.state.deliveries.claim(worker, EMAIL)):
        count += len(claims)
        yield from claims


def _situation(
    sources: Sources, settings: AlertSettings, statuses: Mapping[str, AlertStatus], episodes: Sequence[ClaimedAlert]
) -> Situation:
    state, now = sources.state, sources.now
    firing = [item for item in statuses.values() if item.state is AlertState.FIRING]
    deliveries = state.deliveries.get([item.transition_id for item in firing], EMAIL)
    # An alert that is not mailed inhibits no other.
    speaking = {key for key, item in deliveries.items() if item.is_open or item.state == "sent"}
    watched = [item for item in firing if why_unwatched(item.transition, sources.rules, sources.network, now) is None]
    return Situation(
        rules=sources.rules,
        max_age_h=settings.notify_max_age_h,
        firing=[item.transition for item in watched if item.transition_id in speaking],
        ended=[item.transition for item in statuses.values() if item.state is AlertState.OK],
        beginnings={
            end.transition_id: state.deliveries.get_beginning(end.transition.alert_key, end.transition_id, EMAIL)
            for begin, end in episodes
            if begin is None and end is not None
        },
        held_until={item.alert_key: _held_until(item, now) for item in watched},
    )


def _held_until(status: AlertStatus, now: datetime) -> datetime:
    """Until when the condition of an alert that fires is known to hold."""
    if status.transition.kind is RuleKind.SILENCE:
        return now
    return status.progress.latest_at or status.transition.at


def _settle(
    sources: Sources, decisions: Sequence[Decision], statuses: Mapping[str, AlertStatus], worker: str
) -> Iterator[_Post]:
    """Note what is not mailed, and yield what is."""
    for episode, action, reason in decisions:
        if action is Action.WAIT:
            for claim in episode.claims:
                sources.state.deliveries.release(claim.delivery_id, worker, datetime.now(UTC) + LOOK_AGAIN)
        elif reason is not None:
            _note(sources, episode, list(_references(sources, episode, statuses)))
            for claim in episode.claims:
                sources.state.deliveries.skip(claim.delivery_id, encode_reason(reason), worker=worker)
        else:
            yield _Post(episode, action is Action.BOTH)


def _groups(posts: Sequence[_Post], group_over: int) -> Iterator[list[_Post]]:
    """Mails: more than ``group_over`` stations of one rule and one kind share a mail; else one each."""
    by_rule: dict[tuple[object, ...], list[_Post]] = defaultdict(list)
    for post in posts:
        change = post.shown.transition
        by_rule[change.rule, change.to_state, label_kind(change, is_late=post.is_late)].append(post)
    for members in by_rule.values():
        stations = {post.shown.transition.station_id for post in members}
        size = MOST_ALERTS_A_MAIL if len(stations) > group_over else 1
        members.sort(key=lambda post: -_weight(post.shown.transition) if size > 1 else post.shown.transition_id)
        yield from (members[first : first + size] for first in range(0, len(members), size))


def _weight(change: AlertTransition) -> float:
    extreme = change.evidence.get("extreme")
    return abs(float(extreme) if isinstance(extreme, (int, float)) else change.value or 0.0)


def _send(
    sources: Sources,
    settings: AlertSettings,
    group: Sequence[_Post],
    *,
    worker: str,
    statuses: Mapping[str, AlertStatus],
    now: datetime,
) -> _Failure | None:
    """Send one mail and settle its deliveries; returns the error where it did not go."""
    ids = [delivery_id for post in group for delivery_id in post.ids]
    if not sources.state.deliveries.renew(ids, worker):
        return _Failure("a claim ran out before its mail was sent; another worker has it")
    envelope = _envelope(sources, settings, group, statuses)
    try:
        email.send(compose(render(_views(sources, group), settings.language), envelope, now), settings)
    except email.DeliveryError as error:
        _give_back(sources, ids, worker, detail=str(error), permanent=error.permanent)
        return _Failure(str(error), is_of_server=error.is_of_server)
    except Exception as error:  # noqa: BLE001 - one alert that cannot be shown must not hold up the others; kept and logged
        _log.exception("alert_mail_broken", transitions=[post.shown.transition_id for post in group])
        detail = f"{type(error).__name__}: {error}"
        _give_back(sources, ids, worker, detail=detail, permanent=False)
        return _Failure(detail)
    for post in group:
        _note(sources, post.episode, [*envelope.references, envelope.message_id])
    for delivery_id in ids:
        sources.state.deliveries.finish(delivery_id, ok=True, detail=envelope.message_id, worker=worker)
    return None


def _views(sources: Sources, group: Sequence[_Post]) -> list[AlertView]:
    return [
        collect_view(sources, post.shown.transition_id, post.shown.transition, is_late=post.is_late) for post in group
    ]


def _give_back(sources: Sources, ids: Sequence[int], worker: str, *, detail: str, permanent: bool) -> None:
    _log.warning("alert_mail_failed", detail=detail, permanent=permanent, deliveries=len(ids))
    for delivery_id in ids:
        sources.state.deliveries.finish(delivery_id, ok=False, detail=detail, worker=worker, permanent=permanent)


def _envelope(
    sources: Sources, settings: AlertSettings, group: Sequence[_Post], statuses: Mapping[str, AlertStatus]
) -> Envelope:
    return Envelope(
        sender=settings.mail_from,
        recipients=settings.mail_to,
        message_id=message_id(_identity(group), settings.mail_from),
        references=_references(sources, group[0].episode, statuses),
    )


def _identity(group: Sequence[_Post]) -> str:
    """Equal for equal transitions, so that mail clients drop duplicates; different in a rebuilt database."""
    mailed = [
        (claim.transition.alert_key, claim.transition.at, claim.transition.to_state, claim.recorded_at)
        for post in group
        for claim in post.episode.claims
    ]
    text = "\n".join(sorted(f"{key} {at.isoformat()} {to} {noted.isoformat()}" for key, at, to, noted in mailed))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _references(sources: Sources, episode: ClaimedAlert, statuses: Mapping[str, AlertStatus]) -> tuple[str, ...]:
    """The thread: mails of this alert's beginning, and of other levels that fire at the same station and parameter."""
    transition = episode.last.transition
    keys = [transition.alert_key] if episode.begin is None else []
    if transition.parameter is not None:
        keys += [
            key
            for key, status in statuses.items()
            if key != transition.alert_key
            and status.state is AlertState.FIRING
            and (status.transition.station_id, status.transition.parameter)
            == (transition.station_id, transition.parameter)
        ]
    found: list[str] = []
    for key in keys:
        document = sources.state.documents.get(MAILED, key)
        thread = document.body.get("thread", []) if document else []
        found += [item for item in thread if item not in found]
    return tuple(found)


def _note(sources: Sources, episode: ClaimedAlert, thread: Sequence[str]) -> None:
    """Store the mail thread of a beginning, for the mails of its end and of other levels."""
    if episode.begin is not None:
        body = {"transition_id": episode.begin.transition_id, "thread": list(thread)}
        sources.state.documents.put(MAILED, episode.begin.transition.alert_key, body)
