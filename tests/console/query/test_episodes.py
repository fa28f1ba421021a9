"""Episodes of alerts a page at a time: none is cut silently."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from console.query.episodes import EpisodeQuery, read_episode, read_episodes
from schemas.alert import AlertState
from store.state.table import transition
from tests.console.build import NOW
from tests.console.view.test_alert import FIRING, OK, PENDING, _stored

if TYPE_CHECKING:
    from store.state import StateStore, StoredTransition


def keep(state: StateStore, *stored: StoredTransition) -> None:
    for item in stored:
        state.alerts.save(item.transition)


def episode(state: StateStore, hour: float, station_id: str = "a-1", *, ends: bool = True) -> None:
    """An episode of two hours: pending, firing and, if it ends, over."""
    since = NOW + timedelta(hours=hour)
    more = {"station_id": station_id, "alert_key": f"o3-1h/{station_id}/o3", "since": since}
    keep(state, _stored(0, OK, PENDING, hour, **more), _stored(0, PENDING, FIRING, hour + 1, **more))
    if ends:
        keep(state, _stored(0, FIRING, OK, hour + 2, **more))


def test_pages_hold_every_episode_once_latest_first(state: StateStore) -> None:
    for hour in range(0, 40, 4):
        episode(state, hour)
    episode(state, 3, "b-1", ends=False)
    seen, before = [], None
    while True:
        page = read_episodes(state, EpisodeQuery(before=before, limit=3))
        seen += [(item.state, (item.since - NOW) // timedelta(hours=1)) for item in page.episodes]
        if page.following is None:
            break
        before = page.following
    assert seen == [(FIRING, 3), *((OK, hour) for hour in range(36, -1, -4))]
    assert {len(item.steps) for item in read_episodes(state, EpisodeQuery()).episodes if not item.is_open} == {3}


def test_more_episodes_than_the_old_bound_are_all_there(state: StateStore) -> None:
    episode(state, 0)
    with state.alerts.database.writing() as connection:
        first = [dict(row) for row in connection.execute(sa.select(transition).order_by(transition.c.id)).mappings()]
        more = [  # 5,100 transitions with those of the first; stored one by one they take most of the time
            {name: value for name, value in row.items() if name != "id"}
            | {"at": row["at"] + timedelta(hours=hour), "since": row["since"] + timedelta(hours=hour)}
            for hour in range(2, 2 * 1700, 2)
            for row in first
        ]
        connection.execute(sa.insert(transition), more)
    count, before = 0, None
    while True:
        page = read_episodes(state, EpisodeQuery(before=before, limit=1000))
        count, before = count + len(page.episodes), page.following
        if before is None:
            break
    assert count == 1700


@pytest.mark.parametrize(
    ("start", "end", "stations", "since"),
    [
        (None, None, (), [20, 10, 0]),
        (11, None, (), [20, 10]),
        (12, None, (), [20]),
        (None, 10, (), [0]),
        (None, None, ("b-1",), [20]),
        (None, None, ("c-1",), []),
    ],
)
def test_episodes_are_chosen_by_time_and_station(
    state: StateStore, start: int | None, end: int | None, stations: tuple[str, ...], since: list[int]
) -> None:
    for hour, station_id in ((0, "a-1"), (10, "a-1"), (20, "b-1")):
        episode(state, hour, station_id, ends=hour < 20)
    first, last = (None if hour is None else NOW + timedelta(hours=hour) for hour in (start, end))
    found = read_episodes(state, EpisodeQuery(start=first, end=last, stations=stations)).episodes
    assert [(item.since - NOW) // timedelta(hours=1) for item in found] == since


def test_an_episode_is_found_by_any_of_its_transitions(state: StateStore) -> None:
    for hour in (0, 10):
        episode(state, hour)
    for transition_id in (4, 5, 6):
        found = read_episode(state, transition_id)
        assert found is not None
        assert [step.id for step in found.steps] == [4, 5, 6]
        assert found.state is AlertState.OK
    assert read_episode(state, 99) is None
