from __future__ import annotations

from datetime import timedelta

import pytest

from console.view.health import Advice, LinkState, Rejected, network_health, select, station_health, summarise
from tests.console.build import NOW, instrument, network, station

NONE = Rejected()


def _state(lag: timedelta, *, cadence_s: int) -> LinkState:
    place = station("a-1", instrument(cadence_s=cadence_s))
    start = NOW - lag - timedelta(seconds=cadence_s)
    return station_health(place, {("a-1", "gas1"): start}, NOW, rejected=NONE, completeness={}).state


@pytest.mark.parametrize(
    ("minutes", "cadence_s", "state"),
    [
        (5, 60, "up"),
        (12, 60, "late"),
        (64, 60, "silent"),
        (89, 3_600, "up"),
        (91, 3_600, "late"),
        (241, 3_600, "silent"),
    ],
)
def test_state_follows_the_lag_in_terms_of_the_cadence(minutes: int, cadence_s: int, state: str) -> None:
    assert _state(timedelta(minutes=minutes), cadence_s=cadence_s) == state


def test_a_station_that_never_reported_is_silent_and_says_what_to_compare() -> None:
    row = station_health(station(), {}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice, row.lag, row.since) == (LinkState.SILENT, Advice.NEVER, None, None)


def test_one_silent_instrument_of_two_makes_the_station_late_and_is_named() -> None:
    place = station("a-1", instrument("gas1"), instrument("met1", network="met", parameters=("temperature",)))
    row = station_health(place, {("a-1", "gas1"): NOW - timedelta(minutes=1)}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice) == (LinkState.LATE, Advice.ONE_INSTRUMENT)
    assert [item.instrument_id for item in row.troubled] == ["met1"]


def test_a_data_set_is_never_silent() -> None:
    row = station_health(station(late_window_h=0), {}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice) == (LinkState.ARCHIVE, Advice.ARCHIVE)


def test_since_is_when_the_next_value_was_due() -> None:
    start = NOW - timedelta(hours=10)
    row = station_health(
        station("a-1", instrument(cadence_s=3_600)), {("a-1", "gas1"): start}, NOW, rejected=NONE, completeness={}
    )
    assert row.since == start + timedelta(hours=2)


def test_rows_that_need_somebody_come_first() -> None:
    stations = network(station("a-1"), station("b-1"), station("c-1", late_window_h=0))
    rows = network_health(stations, {("a-1", "gas1"): NOW}, NOW, rejected={}, completeness={})
    assert [row.station.id for row in rows] == ["b-1", "a-1", "c-1"]


def test_the_summary_counts_data_sets_apart() -> None:
    stations = network(station("a-1"), station("b-1"), station("c-1", late_window_h=0))
    rows = network_health(stations, {("a-1", "gas1"): NOW}, NOW, rejected={"b-1": Rejected(count=4)}, completeness={})
    found = summarise(rows)
    assert (found.stations, found.up, found.silent, found.archive, found.rejected) == (2, 1, 1, 1, 4)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"text": "沈阳"}, ["a-1"]),
        ({"text": "BETA"}, ["b-1"]),
        ({"network": "rad"}, []),
        ({"state": "silent"}, ["a-1", "b-1"]),
    ],
)
def test_rows_are_found_by_city_name_network_and_state(filters: dict[str, str], ids: list[str]) -> None:
    stations = network(station("a-1"), station("b-1", name_en="Beta", city="210200"))
    rows = network_health(stations, {}, NOW, rejected={}, completeness={})
    assert [row.station.id for row in select(rows, **filters)] == ids
