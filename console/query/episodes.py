"""Episodes of alerts as the state database holds them, a page at a time: open ones in full, ended ones latest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.view.alert import AlertHistory, episodes, with_status
from schemas.alert import AlertState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from store.state import AlertStatus, StateStore, StoredTransition

LONGEST_PAGE = 1000
"""Most ended episodes in one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeQuery:
    """Which episodes: those that were open at any time in ``[start, end)``.

    Attributes
    ----------
    start, end : datetime or None
        None: open to that side.
    stations : tuple of str
        Empty: all.
    before : int or None
        ``next`` of the page before; None: the first page, which holds the open ones too.
    limit : int
        Most ended episodes.
    """

    start: datetime | None = None
    end: datetime | None = None
    stations: tuple[str, ...] = ()
    before: int | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodePage:
    """Episodes of one page, open ones first; ``following`` asks for the next page, None: there is none."""

    episodes: list[AlertHistory]
    following: int | None


def read_episodes(state: StateStore, query: EpisodeQuery) -> EpisodePage:
    """One page of episodes."""
    statuses = state.alerts.get_states()
    ends = state.alerts.list_ends(
        start=query.start, end=query.end, stations=query.stations, before=query.before, limit=query.limit + 1
    )
    shown, more = ends[: query.limit], len(ends) > query.limit
    opened = [] if query.before is not None else _open_ones(state, statuses, query)
    ended = sorted(_ended_ones(state, shown, statuses), key=lambda item: item.last.at, reverse=True)
    return EpisodePage(episodes=opened + ended, following=shown[-1].id if more else None)


def read_episode(state: StateStore, transition_id: int) -> AlertHistory | None:
    """The episode that a transition belongs to; None where there is none."""
    stored = state.alerts.get(transition_id)
    if stored is None:
        return None
    change = stored.transition
    status = state.alerts.get_states()[change.alert_key]
    steps = state.alerts.list_steps({change.alert_key: (change.since, status.transition.at)})
    found = next(item for item in episodes(steps) if transition_id in {step.id for step in item.steps})
    return with_status(found, status)


def _open_ones(state: StateStore, statuses: Mapping[str, AlertStatus], query: EpisodeQuery) -> list[AlertHistory]:
    wanted = {
        key: (status.transition.since, status.transition.at)
        for key, status in statuses.items()
        if status.state is not AlertState.OK
        and (not query.stations or status.transition.station_id in query.stations)
        and (query.end is None or status.transition.since < query.end)
    }
    newest = {statuses[key].transition_id for key in wanted}
    found = episodes(state.alerts.list_steps(wanted))
    return [with_status(item, statuses[item.alert_key]) for item in found if item.steps[-1].id in newest]


def _ended_ones(
    state: StateStore, ends: Sequence[StoredTransition], statuses: Mapping[str, AlertStatus]
) -> list[AlertHistory]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for item in ends:
        change = item.transition
        first, last = spans.get(change.alert_key, (change.since, change.at))
        spans[change.alert_key] = (min(first, change.since), max(last, change.at))
    wanted = {item.id for item in ends}
    found = episodes(state.alerts.list_steps(spans))
    return [with_status(item, statuses[item.alert_key]) for item in found if item.steps[-1].id in wanted]
