from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.rules.incremental import physical_range
from alerts.stream.core import Core, CoreMemory
from schemas.alert import AlertState, EndReason
from store.state import AlertStatus
from tests.alerts.stream.feed import HOUR, MINUTE, T0, core_of, moves, network_of, play, reading, rules_of

if TYPE_CHECKING:
    from schemas.reading import Reading

NATIVE = """
kind = "threshold"
network = "gas"
parameter = "pm25"
unit = "ug/m3"
averaging = "native"
above = 150
for_h = 0
clear = 140
clear_for_h = 0.05
"""
HOURLY = """
kind = "threshold"
network = "gas"
parameter = "pm25"
unit = "ug/m3"
above = 150
"""
SILENCE = 'kind = "silence"\n'


def minutes(values: list[float], first: float = 0, **given: str) -> list[Reading]:
    return [reading(first + n, {"pm25": value}, **given) for n, value in enumerate(values)]


def stored(change: object, number: int = 1) -> AlertStatus:
    return AlertStatus(
        alert_key=change.alert_key,  # type: ignore[attr-defined]
        state=change.to_state,  # type: ignore[attr-defined]
        transition_id=number,
        transition=change,  # type: ignore[arg-type]
        recorded_at=T0,
    )


def test_a_reading_over_the_limit_fires_at_once_and_ends_by_hysteresis() -> None:
    found = play(core_of(NATIVE), minutes([100, 151, 145, 139, 139, 139, 139]))
    assert moves(found) == [("r0", "firing", 2), ("r0", "ok", 6)]
    assert found[1].reason is EndReason.VALUE_BACK


@pytest.mark.parametrize("letter", list("CMFDBS"))
def test_a_reading_with_a_status_that_is_not_normal_raises_nothing(letter: str) -> None:
    assert play(core_of(NATIVE, HOURLY), [reading(n, {"pm25": 500.0}, pm25=letter) for n in range(60)]) == []


def test_a_reading_outside_the_physical_range_raises_nothing() -> None:
    assert play(core_of(NATIVE), minutes([9e6, -5.0])) == []


def test_an_instrument_over_its_range_raises_an_alert_of_at_least_so_much() -> None:
    (found,) = play(core_of(NATIVE), [reading(0, {"pm25": 1000.0}, pm25="T")])
    assert found.evidence["is_at_least"] is True
    (plain,) = play(core_of(NATIVE), minutes([1000.0]))
    assert "is_at_least" not in plain.evidence


def test_a_saturated_instrument_that_reads_beyond_the_physical_range_raises_at_least_the_end_of_that() -> None:
    most = physical_range("pm25")[1]
    (found,) = play(core_of(NATIVE), [reading(0, {"pm25": 65535.0}, pm25="T")])
    assert (found.value, found.evidence["is_at_least"]) == (most, True)
    assert play(core_of(NATIVE), [reading(0, {"pm25": -99.0}, pm25="T")]) == []
    assert play(core_of(HOURLY), [reading(n, {"pm25": 65535.0}, pm25="T") for n in range(60)]) == [], "as stored hours"


def test_an_hour_is_evaluated_with_its_last_reading() -> None:
    found = play(core_of(HOURLY), minutes([160.0] * 60))
    assert moves(found) == [("r0", "firing", 60)]
    assert found[0].value == 160.0


def test_an_hour_whose_last_reading_is_missing_is_evaluated_after_a_grace() -> None:
    core = core_of(HOURLY)
    assert play(core, minutes([160.0] * 50)) == []
    assert core.tick(T0 + HOUR + MINUTE) == []
    assert moves(core.tick(T0 + HOUR + 2 * MINUTE)) == [("r0", "firing", 60)]


def test_an_hour_of_less_than_three_quarters_is_left_to_the_stored_hours() -> None:
    core = core_of(HOURLY)
    assert play(core, minutes([160.0] * 44)) == []
    assert core.tick(T0 + 2 * HOUR) == []


def test_a_reading_that_comes_twice_counts_once_in_its_hour() -> None:
    core = core_of(HOURLY)
    twice = chain.from_iterable((item, item) for item in minutes([160.0] * 30 + [139.0] * 30))
    assert play(core, twice) == []


def test_of_two_instruments_the_one_further_beyond_counts() -> None:
    core = core_of(NATIVE, network=network_of(twins=True))
    pairs = [
        item
        for n in range(9)
        for item in (
            reading(n, {"pm25": 100.0}),
            reading(n, {"pm25": 160.0 if n < 3 else 100.0}, instrument="gas2"),
        )
    ]
    assert moves(play(core, pairs)) == [("r0", "firing", 1), ("r0", "ok", 6)]


def test_an_instrument_that_went_dead_is_not_waited_for() -> None:
    core = core_of(NATIVE, network=network_of(twins=True))
    play(core, [reading(0, {"pm25": 160.0}, instrument="gas2")])
    assert [item.to_state for item in play(core, minutes([100.0] * 12, first=1))] == [AlertState.OK]


def test_the_hour_of_two_instruments_is_that_of_the_more_complete_one() -> None:
    core = core_of(HOURLY, network=network_of(twins=True))
    both = [*minutes([160.0] * 60), *minutes([100.0] * 50, instrument="gas2")]
    found = play(core, sorted(both, key=lambda item: item.interval.start))
    assert found == []
    assert moves(core.tick(T0 + HOUR + 3 * MINUTE)) == [("r0", "firing", 60)]


def test_readings_of_an_hour_that_is_over_are_left_to_the_stored_hours() -> None:
    core = core_of(HOURLY)
    found = play(core, [*minutes([160.0] * 60), *minutes([10.0] * 60)])
    assert [item.to_state for item in found] == [AlertState.FIRING]


def test_silence_begins_and_ends_by_the_one_definition() -> None:
    core = core_of(SILENCE)
    play(core, minutes([1.0]))
    assert core.tick(T0 + 16 * MINUTE) == []
    (begun,) = core.tick(T0 + 16.5 * MINUTE)
    assert (begun.alert_key, begun.at) == ("r0/s-1/gas", T0 + 16 * MINUTE)
    assert core.tick(T0 + 17 * MINUTE) == []
    play(core, minutes([1.0], first=17))
    (ended,) = core.tick(T0 + 18 * MINUTE)
    assert ended.reason is EndReason.READING


def test_what_another_collector_stored_is_no_silence() -> None:
    core = core_of(SILENCE)
    play(core, minutes([1.0]))
    core.hear({("s-1", "gas"): T0 + 15 * MINUTE})
    assert core.tick(T0 + 20 * MINUTE) == []


def test_500_silent_stations_are_one_alert() -> None:
    core = core_of(SILENCE, network=network_of(500))
    for n in range(1, 501):
        play(core, [reading(0, {"pm25": 1.0}, station=f"s-{n}")])
    assert [item.alert_key for item in core.tick(T0 + HOUR)] == ["r0/all"]


def test_a_core_continues_from_memory_and_stored_alerts_as_if_it_had_never_ended() -> None:
    values = minutes([100, 151, 130, 152, 135, 135, 135, 135, 160, 100, 100, 100, 100, 100])
    whole = moves(play(core_of(NATIVE, HOURLY), values))
    for cut in range(len(values)):
        for lost in range(3):  # read again after a kill: messages behind the snapshot, transitions stored meanwhile
            first = core_of(NATIVE, HOURLY)
            before = play(first, values[: max(0, cut - lost)])
            memory = msgspec.msgpack.decode(msgspec.msgpack.encode(first.memory()), type=CoreMemory)
            found = before + play(first, values[max(0, cut - lost) : cut])
            statuses = {change.alert_key: stored(change) for change in found}
            second = Core(rules_of(NATIVE, HOURLY), network_of(), statuses, memory=memory)
            found += play(second, values[max(0, cut - lost) :])
            assert moves(found) == whole


def test_hours_in_progress_survive() -> None:
    first = core_of(HOURLY)
    play(first, minutes([160.0] * 50))
    second = Core(rules_of(HOURLY), network_of(), {}, memory=first.memory())
    assert moves(play(second, minutes([160.0] * 10, first=50))) == [("r0", "firing", 60)]


def test_an_alert_that_another_evaluator_ended_does_not_fire_twice_for_the_same_values() -> None:
    core = core_of(HOURLY)
    (begun,) = play(core, minutes([160.0] * 60))
    end = msgspec.structs.replace(
        begun, from_state=begun.to_state, to_state=AlertState.OK, reason=EndReason.INVALIDATED
    )
    core.adopt({begun.alert_key: stored(end, 2)})
    assert play(core, minutes([160.0] * 60)) == []
    assert moves(play(core, minutes([160.0] * 60, first=60))) == [("r0", "firing", 120)]


def test_an_open_alert_of_another_meaning_keeps_its_key_until_it_is_closed() -> None:
    (begun,) = play(core_of(NATIVE), minutes([160.0]))
    core = Core(rules_of(HOURLY), network_of(), {begun.alert_key: stored(begun)})
    assert play(core, minutes([160.0] * 60)) == []


def test_a_rule_that_raises_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_of(NATIVE, NATIVE)
    monkeypatch.setattr(core._tracked["r0/s-1/pm25"].watch.sampler, "sample", lambda _: 1 / 0)
    assert moves(play(core, minutes([160.0]))) == [("r1", "firing", 1)]
    assert "r0/s-1/pm25: ZeroDivisionError" in core.take_errors()[0]
    assert core.take_errors() == []


def test_readings_from_before_the_service_of_an_instrument_raise_nothing() -> None:
    network = network_of()
    station = network.station_list[0]
    gas = msgspec.structs.replace(station.instruments[0], since=T0 + timedelta(minutes=5))
    network = msgspec.structs.replace(
        network, station_list=(msgspec.structs.replace(station, instruments=(gas, *station.instruments[1:])),)
    )
    assert moves(play(core_of(NATIVE, network=network), minutes([160.0] * 7))) == [("r0", "firing", 6)]
