"""Gaps in a share group: what another member received is none, and what no member received is one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.completeness.gap import GapWatch
from ingest.completeness.provisional_gap import Last, ProvisionalGap, _missing_of
from ingest.decode.message import decode_and_validate
from schemas.interval import Interval, floor_hour
from schemas.message import RawMessage
from schemas.reading import Reading
from store.error import StoreUnavailableError
from store.state import Gap, StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)
H0 = floor_hour(datetime.now(UTC)) - timedelta(hours=3)


class Counted:
    """A database that counts what it is asked."""

    def __init__(self, store: InfluxStore) -> None:
        self._store, self.asked = store, 0

    def __getattr__(self, name: str) -> Any:
        self.asked += name.startswith("read_")
        return getattr(self._store, name)


class Member:
    """One collector of a share group, from validation on."""

    def __init__(self, settings: CollectorSettings, state: StateStore, store: Any) -> None:
        self.settings = settings.model_copy(update={"mqtt_share": "g"})
        self.store = store
        self.watch = GapWatch(self.settings, state, store)

    def hear(self, minute: int, seq: int | None) -> None:
        body = {"start": H0 + minute * MINUTE, "end": H0 + (minute + 1) * MINUTE, "values": {"so2": 1.0}, "seq": seq}
        raw = RawMessage("obs/v1/gas/st-1/gas1/json", msgspec.json.encode(body), H0 + (minute + 1) * MINUTE)
        decoded = decode_and_validate(raw, self.settings)
        self.store.write_readings(decoded.readings)
        self.watch.note([decoded])

    def look(self) -> None:
        self.watch.look(time.monotonic() + 1_000.0)


def alternate(members: tuple[Member, Member], minutes: Iterable[int], *, numbered: bool = True) -> None:
    for minute in minutes:
        members[minute % 2].hear(minute, minute + 1 if numbered else None)
    for member in members:
        member.look()


@pytest.fixture
def members(collector_settings: CollectorSettings, state: StateStore, store: InfluxStore) -> tuple[Member, Member]:
    return Member(collector_settings, state, Counted(store)), Member(collector_settings, state, Counted(store))


@pytest.mark.parametrize("numbered", [True, False])
def test_two_members_that_share_gapless_readings_find_no_gap(
    members: tuple[Member, Member], state: StateStore, *, numbered: bool
) -> None:
    alternate(members, range(60), numbered=numbered)
    assert state.gaps.list() == []
    assert [member.store.asked for member in members] == [1, 1]


@pytest.mark.parametrize("numbered", [True, False])
def test_what_no_member_was_handed_is_a_gap_once(
    members: tuple[Member, Member], state: StateStore, *, numbered: bool
) -> None:
    alternate(members, [minute for minute in range(60) if minute not in (20, 21, 40)], numbered=numbered)
    gaps = [(gap.start, gap.end, gap.missing) for gap in state.gaps.list()]
    assert gaps == [(H0 + 20 * MINUTE, H0 + 22 * MINUTE, 2), (H0 + 40 * MINUTE, H0 + 41 * MINUTE, 1)]


def test_a_hole_of_many_hours_is_looked_at_by_itself(members: tuple[Member, Member], state: StateStore) -> None:
    one, other = members
    one.hear(-300, 1)
    for minute in range(-299, 0):
        if minute != -200:
            other.hear(minute, minute + 301)
    one.hear(0, 301)
    one.look()
    assert [(gap.start, gap.missing) for gap in state.gaps.list()] == [(H0 - 200 * MINUTE, 1)]


def test_nothing_is_looked_at_before_the_others_had_their_time(
    members: tuple[Member, Member], state: StateStore
) -> None:
    one, _ = members
    one.hear(0, 1)
    one.hear(5, 6)
    one.watch.look(time.monotonic() + 1.0)
    assert (state.gaps.list(), one.store.asked) == ([], 0)
    one.look()
    assert [gap.missing for gap in state.gaps.list()] == [4]


def test_a_kill_loses_no_suspicion(
    members: tuple[Member, Member], collector_settings: CollectorSettings, state: StateStore
) -> None:
    one, _ = members
    for minute, seq in ((0, 1), (5, 6), (6, 7)):
        one.hear(minute, seq)
    one.watch.close()
    again = Member(collector_settings, state, one.store)  # one was killed with its suspicion
    again.hear(7, 8)
    again.look()
    assert [(gap.start, gap.missing) for gap in state.gaps.list()] == [(H0 + MINUTE, 4)]
    again.watch.close()
    (noted,) = state.instruments.list()
    assert noted.last_seq == 8


def test_a_database_that_does_not_answer_keeps_the_suspicions(
    members: tuple[Member, Member], state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailableError

    one, _ = members
    one.hear(0, 1)
    one.hear(5, 6)
    monkeypatch.setattr(one.store, "read_starts", refuse, raising=False)
    with pytest.raises(StoreUnavailableError):
        one.look()
    monkeypatch.undo()
    one.watch.look(time.monotonic() + 2_000.0)
    assert [gap.missing for gap in state.gaps.list()] == [4]


@given(st.sets(st.integers(1, 30)), st.integers(1, 30))
def test_what_is_confirmed_is_what_is_not_stored_and_no_more_than_the_numbers_prove(
    stored: set[int], proved: int
) -> None:
    gap = Gap(
        network="gas", station_id="s", instrument_id="i", start=H0 + MINUTE, end=H0 + 31 * MINUTE, missing=proved,
        found_by="seq", found_at=H0, due_at=H0,
    )  # fmt: skip
    suspect = ProvisionalGap(gap, MINUTE, Last(1, H0, H0 + MINUTE), H0, 0.0)
    found = list(_missing_of(suspect, [H0 + minute * MINUTE for minute in sorted(stored)]))
    assert sum(item.missing for item in found) == max(0, min(proved - len(stored), 30 - len(stored)))
    covered = {minute for minute in range(1, 31) for item in found if item.start <= H0 + minute * MINUTE < item.end}
    if proved >= 30:
        assert covered == set(range(1, 31)) - stored


def test_starts_of_a_network_are_listed_by_instrument(store: InfluxStore) -> None:
    assert store.read_starts("gas", H0, H0 + 9 * MINUTE) == {}
    store.write_readings(
        [
            Reading(
                "gas", station, "gas1", Interval(H0 + n * MINUTE, H0 + (n + 1) * MINUTE), {"so2": 1.0}, {"so2": "x,y"}
            )
            for station in ("st-2", "st-1")
            for n in (3, 1)
        ]
    )
    found = store.read_starts("gas", H0, H0 + 3 * MINUTE)
    assert found == {("st-1", "gas1"): [H0 + MINUTE], ("st-2", "gas1"): [H0 + MINUTE]}
