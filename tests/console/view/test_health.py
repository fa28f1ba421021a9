from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from typer import Exit

from alerts.rules.silence import silence_of
from console.cli.health import health
from console.query.queries import Queries
from console.view.health import network_health, select, summarise
from console.view.implausible import implausible_stations
from console.view.link import Advice, Implausible, LinkState, Rejected, station_health
from schemas.network import Instrument, Network, Station
from schemas.words import words
from store.state import Balance, Clock, Finding, FindingKind, InstrumentState
from tests.alerts.stream.feed import rules_of
from tests.console.build import NOW, instrument, network, station

if TYPE_CHECKING:
    from pathlib import Path

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
        (16, 60, "silent"),
        (89, 3_600, "up"),
        (91, 3_600, "late"),
        (179, 3_600, "late"),
        (181, 3_600, "silent"),
    ],
)
def test_state_follows_the_lag_in_terms_of_the_cadence(minutes: int, cadence_s: int, state: str) -> None:
    assert _state(timedelta(minutes=minutes), cadence_s=cadence_s) == state


@pytest.mark.parametrize("minutes", range(10, 40, 3))
def test_a_station_is_silent_on_the_page_when_its_rule_says_so_in_a_mail(minutes: int) -> None:
    (rule,) = rules_of('kind = "silence"\ncadences = 25\nmin_minutes = 5\n').silences()
    place, start = station("a-1", instrument()), NOW - timedelta(minutes=minutes)
    silence = silence_of(place, "gas", start, rule, NOW)
    assert silence is not None
    row = station_health(place, {("a-1", "gas1"): start}, NOW, rejected=NONE, completeness={}, silences=[rule])
    assert (row.state is LinkState.SILENT) is silence.is_silent


def test_a_station_that_never_reported_is_silent_and_says_what_to_compare() -> None:
    row = station_health(station(), {}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice, row.lag, row.since) == (LinkState.SILENT, Advice.NEVER, None, None)


def test_one_silent_instrument_of_two_makes_the_station_late_and_is_named() -> None:
    place = station("a-1", instrument("gas1"), instrument("met1", network="met", parameters=("temperature",)))
    row = station_health(place, {("a-1", "gas1"): NOW - timedelta(minutes=1)}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice) == (LinkState.LATE, Advice.ONE_INSTRUMENT)
    assert [item.instrument_id for item in row.troubled] == ["met1"]


@pytest.mark.parametrize(("minutes", "state"), [(50, "up"), (57, "late"), (60, "late"), (61, "silent")])
def test_a_stated_delay_of_the_way_is_no_lag_but_is_shown_as_age(minutes: int, state: str) -> None:
    lag = timedelta(minutes=minutes)
    last = {("a-1", "gas1"): NOW - lag - timedelta(minutes=1)}
    row = station_health(station("a-1", delay_s=2700), last, NOW, rejected=NONE, completeness={})
    assert (row.state, row.lag) == (state, lag)
    assert row.since == (None if state == "up" else NOW - lag + timedelta(minutes=46))


def test_a_data_set_is_never_silent() -> None:
    row = station_health(station(late_window_h=0), {}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.advice) == (LinkState.ARCHIVE, Advice.ARCHIVE)


def test_since_is_when_the_next_value_was_due() -> None:
    start = NOW - timedelta(hours=10)
    row = station_health(
        station("a-1", instrument(cadence_s=3_600)), {("a-1", "gas1"): start}, NOW, rejected=NONE, completeness={}
    )
    assert row.since == start + timedelta(hours=2)


@pytest.mark.parametrize(("minutes", "state"), [(1, "late"), (15, "late"), (16, "silent")])
def test_an_instrument_that_returned_and_sent_nothing_is_awaited_from_its_return(minutes: int, state: str) -> None:
    back = NOW - timedelta(minutes=minutes)
    place = station("a-1", msgspec.structs.replace(instrument(), since=back))
    row = station_health(place, {("a-1", "gas1"): NOW - timedelta(days=40)}, NOW, rejected=NONE, completeness={})
    assert (row.state, row.since) == (state, back)
    heard = station_health(place, {("a-1", "gas1"): back}, back + timedelta(minutes=2), rejected=NONE, completeness={})
    assert heard.state is LinkState.UP


def test_rows_that_need_attention_come_first() -> None:
    stations = network(station("a-1"), station("b-1"), station("c-1", late_window_h=0))
    rows = network_health(stations, {("a-1", "gas1"): NOW}, NOW, rejected={}, completeness={})
    assert [row.station.id for row in rows] == ["b-1", "a-1", "c-1"]


def test_the_summary_counts_data_sets_apart() -> None:
    stations = network(station("a-1"), station("b-1"), station("c-1", late_window_h=0))
    rows = network_health(stations, {("a-1", "gas1"): NOW}, NOW, rejected={"b-1": Rejected(count=4)}, completeness={})
    found = summarise(rows)
    assert found.counts == (2, 1, 0, 1, 0, 1)
    assert found.rejected == 4


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


def state_of(clock: Clock, held: int = 3) -> InstrumentState:
    return InstrumentState(
        network="gas", station_id="a", instrument_id="i", last_seq=1, last_start=NOW, last_end=NOW, last_received_at=NOW,
        skew_s=-28_800.0, clock=clock, clock_since=NOW - timedelta(hours=1), held=held,
    )  # fmt: skip


def test_a_wrong_clock_a_foreign_name_and_refusals_are_doubts() -> None:
    finding = Finding(
        key="foreign_payload/b",
        kind=FindingKind.FOREIGN_PAYLOAD,
        station_id="b",
        facts={"named": "'x'"},
        first_at=NOW,
        last_at=NOW,
    )
    balance = [
        Balance(hour=NOW, station_id="c", instrument_id="i", messages=30, rejected={"bad_value": 20}),
        Balance(hour=NOW, station_id="d", instrument_id="i", messages=300, rejected={"bad_value": 20}),
        Balance(hour=NOW, station_id="e", instrument_id="i", messages=3, rejected={"bad_value": 3}),
        Balance(hour=NOW, station_id="f", instrument_id="i", messages=0, rejected={"bad_value": 10}),
    ]
    found = implausible_stations([state_of(Clock.WRONG_ZONE)], [finding], balance)
    assert {station: (item.advice, item.figure) for station, item in found.items()} == {
        "a": (Advice.CLOCK, "-8.00 h"),
        "b": (Advice.POSING, "'x'"),
        "c": (Advice.REFUSED, "67%"),
        "f": (Advice.REFUSED, "100%"),
    }
    assert found["a"].instruments == {"i"}
    assert implausible_stations([state_of(Clock.RIGHT)], [], []) == {}
    assert implausible_stations([state_of(Clock.WRONG_ZONE, held=0)], [], []) == {}


def test_a_station_that_is_not_believed_comes_first_and_says_why() -> None:
    instrument = Instrument(id="i", network="gas", cadence_s=60, parameters=("so2",))
    stations = tuple(Station(id=name, instruments=(instrument,)) for name in ("a", "b", "c"))
    network = Network(zone="Asia/Shanghai", station_list=stations)
    lasts = {(name, "i"): NOW - timedelta(minutes=1) for name in ("b", "c")}
    doubt = Implausible(
        advice=Advice.CLOCK, since=NOW - timedelta(hours=1), figure="-8.00 h", instruments=frozenset({"i"})
    )
    rows = network_health(network, lasts, NOW, rejected={}, completeness={}, doubts={"c": doubt})
    assert [(row.station.id, row.state) for row in rows] == [("c", "lying"), ("a", "silent"), ("b", "up")]
    assert (rows[0].advice, rows[0].figure, rows[0].since) == (Advice.CLOCK, "-8.00 h", doubt.since)
    assert [item.instrument_id for item in rows[0].troubled] == ["i"]
    assert summarise(rows).counts.lying == 1
    for language in ("zh", "en"):
        assert "-8.00 h" in words(language, "page")(f"advice.{rows[0].advice}", instruments="i", figure=rows[0].figure)


def test_only_the_implausible_instruments_are_named_next_to_a_silent_one() -> None:
    place = station("a-1", instrument("gas1"), instrument("met1", network="met", parameters=("temperature",)))
    doubt = Implausible(advice=Advice.CLOCK, since=NOW, figure="-8.00 h", instruments=frozenset({"gas1"}))
    row = station_health(place, {}, NOW, rejected=NONE, completeness={}, doubt=doubt)
    assert [item.instrument_id for item in row.troubled] == ["gas1", "met1"]
    assert [item.instrument_id for item in row.concerned] == ["gas1"]


def test_the_command_names_the_instruments_that_the_page_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = station("a-1", instrument("gas1"), instrument("met1", network="met", parameters=("temperature",)))
    doubt = Implausible(advice=Advice.CLOCK, since=NOW, figure="-8.00 h", instruments=frozenset({"gas1"}))
    row = station_health(place, {}, NOW, rejected=NONE, completeness={}, doubt=doubt)
    monkeypatch.setattr(Queries, "health", lambda _: SimpleNamespace(rows=[row], mail=None))
    monkeypatch.setenv("SKYGROUND_STATE_URL", f"sqlite:///{tmp_path}/state.sqlite")
    with pytest.raises(Exit):
        health(everything=False)
    said = capsys.readouterr().out
    assert "gas1" in said
    assert "met1" not in said
