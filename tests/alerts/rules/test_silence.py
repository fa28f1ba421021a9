from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.rules.history import Subject
from alerts.rules.silence import Silence, all_silent, silence_change, silence_of
from schemas.alert import AlertState, EndReason
from schemas.network import Instrument, Station

if TYPE_CHECKING:
    from alerts.rules.table import AlertRules
    from schemas.alert import AlertTransition

T0 = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def station(**more: int) -> Station:
    instrument = Instrument(id="i", network="gas", cadence_s=300, parameters=("o3",))  # type: ignore[arg-type]  # a code
    return Station(id="s", instruments=(instrument,), **more)


@pytest.mark.parametrize(("minutes", "silent"), [(19, False), (21, True)])
def test_silence_begins_after_the_allowed_cadences(example: AlertRules, minutes: int, *, silent: bool) -> None:
    (rule,) = example.silences()
    found = silence_of(station(), "gas", T0, rule, T0 + timedelta(minutes=minutes))
    assert found is not None
    assert found.allowed_minutes == 15.0
    assert found.is_silent is silent


@pytest.mark.parametrize(("minutes", "silent"), [(65, False), (66, True)])
def test_a_stated_delay_of_the_way_is_no_silence(example: AlertRules, minutes: int, *, silent: bool) -> None:
    found = silence_of(station(delay_s=2700), "gas", T0, example.silences()[0], T0 + timedelta(minutes=minutes))
    assert found is not None
    assert found.is_silent is silent
    assert found.allowed_minutes == 60.0


def test_silence_is_dated_by_when_the_time_ran_out(example: AlertRules) -> None:
    (rule,) = example.silences()
    looks = [silence_of(station(), "gas", T0, rule, T0 + timedelta(minutes=minutes)) for minutes in (30, 300)]
    assert {item.expires for item in looks if item} == {T0 + timedelta(minutes=20)}


def returned(*since: datetime | None, cadence_s: int = 300) -> Station:
    """A station whose instruments of one network are in service since these moments."""
    found = tuple(
        Instrument(id=f"i{number}", network="gas", cadence_s=cadence_s, parameters=("o3",), since=item)  # type: ignore[arg-type]  # a code
        for number, item in enumerate(since)
    )
    return Station(id="s", instruments=found)


@pytest.mark.parametrize("cadence_s", [60, 300, 3600])
def test_a_silence_after_a_return_to_service_counts_from_the_return(example: AlertRules, cadence_s: int) -> None:
    (rule,) = example.silences()
    back = T0 + 1000 * HOUR
    due = back + max(timedelta(minutes=15), timedelta(seconds=3 * cadence_s))
    station = returned(back, cadence_s=cadence_s)
    assert silence_of(station, "gas", T0, rule, back) is None
    assert silence_of(station, "gas", T0, rule, due) is None  # not silent, and not heard either
    for later in (timedelta(seconds=1), 5 * HOUR):
        found = silence_of(station, "gas", T0, rule, due + later)
        assert found is not None
        assert found.is_silent
        assert (found.last_end, found.expires) == (back, due)


def test_a_reading_after_the_return_counts_as_ever(example: AlertRules) -> None:
    (rule,) = example.silences()
    found = silence_of(returned(T0), "gas", T0 + HOUR, rule, T0 + 1.1 * HOUR)
    assert found is not None
    assert (found.is_silent, found.last_end) == (False, T0 + HOUR + timedelta(minutes=5))


@pytest.mark.parametrize("first", [None, T0 - HOUR])
def test_another_instrument_of_the_network_that_served_on_keeps_the_silence_running(
    example: AlertRules, first: datetime | None
) -> None:
    (rule,) = example.silences()
    now = T0 + 3 * HOUR
    found = silence_of(returned(first, now - timedelta(minutes=1)), "gas", T0, rule, now)
    assert found is not None
    assert (found.is_silent, found.last_end) == (True, T0 + timedelta(minutes=5))


def test_a_data_set_is_never_silent(example: AlertRules) -> None:
    assert silence_of(station(late_window_h=0), "gas", T0, example.silences()[0], T0 + 100 * HOUR) is None


def test_all_are_silent_only_when_no_station_reports_and_they_are_enough() -> None:
    silent = [Silence(name, "gas", T0, 60.0, 15.0) for name in "abc"]
    assert all_silent(silent, 3)
    assert not all_silent(silent, 4)
    assert not all_silent([*silent, Silence("a", "met", T0, 1.0, 15.0)], 3)


def change(
    last: AlertTransition | None, last_end: datetime, now: datetime, rules: AlertRules
) -> AlertTransition | None:
    """What one look finds of an hourly instrument that may be silent for 3 h."""
    minutes = (now - last_end) / timedelta(minutes=1)
    silence = Silence("s", "gas", last_end, minutes, 180.0)
    (rule,) = rules.silences()
    subject = Subject(rule=rule.name, station_id="s", part="gas")
    return silence_change(last, silence, rule, subject, silent=silence.is_silent)


@pytest.mark.parametrize("ends_h", [3.5, 4.0, 4.05])
def test_any_newer_reading_ends_a_silence_whether_it_ends_before_or_after_the_alert(
    example: AlertRules, ends_h: float
) -> None:
    begun = change(None, T0 + HOUR, T0 + 4.02 * HOUR, example)
    assert begun is not None
    assert begun.at == T0 + 4 * HOUR
    assert change(begun, T0 + HOUR, T0 + 4.1 * HOUR, example) is None
    ended = change(begun, T0 + ends_h * HOUR, T0 + 4.1 * HOUR, example)
    assert ended is not None
    assert (ended.to_state, ended.reason) == (AlertState.OK, EndReason.READING)
    assert (ended.since, ended.at) == (T0 + HOUR, T0 + max(ends_h, 4.0) * HOUR)
    assert ended.value == pytest.approx((max(ends_h, 4.0) - 1.0) * 60)


def test_a_back_filled_reading_that_is_itself_too_old_does_not_end_a_silence(example: AlertRules) -> None:
    begun = change(None, T0 + HOUR, T0 + 5 * HOUR, example)
    assert change(begun, T0 + 1.5 * HOUR, T0 + 5 * HOUR, example) is None


@pytest.mark.parametrize(
    ("reason", "hours", "begins"),
    [(EndReason.RULE_REMOVED, 4.1, None), (EndReason.RULE_DISABLED, 100.0, T0 + 100 * HOUR)],
    ids=["closed at its very moment", "went on unwatched"],
)
def test_a_closed_silence_begins_again(
    example: AlertRules, reason: EndReason, hours: float, begins: datetime | None
) -> None:
    begun = change(None, T0 + HOUR, T0 + 4.02 * HOUR, example)
    assert begun is not None
    closed = msgspec.structs.replace(begun, from_state=AlertState.FIRING, to_state=AlertState.OK, reason=reason)
    again = change(closed, T0 + HOUR, T0 + hours * HOUR, example)
    assert again is not None
    assert again.at > closed.at
    assert again.since == T0 + HOUR
    assert begins in {None, again.at}
