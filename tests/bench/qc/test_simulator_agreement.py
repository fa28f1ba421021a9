"""Flags against a log of what really happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from bench.qc.simulator_agreement import score
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, empty_flags
from sensors.simulator.truth import TruthRecord

T0 = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def fault(kind: str, first: float, last: float, parameter: str | None = "o3", instrument: str = "gas1") -> TruthRecord:
    return TruthRecord(
        kind=kind,
        start=T0 + first * HOUR,
        end=T0 + last * HOUR,
        station_id="a",
        instrument_id=instrument,
        parameter=parameter,
    )


def flags(*rows: tuple[float, str, str | None, str, Flag]) -> pd.DataFrame:
    """Hours after T0, station, instrument, test, flag; always of ozone."""
    made = [
        (T0 + hour * HOUR, station, instrument, "o3", test, int(flag), "why")
        for hour, station, instrument, test, flag in rows
    ]
    return pd.DataFrame(made, columns=list(FLAG_COLUMNS))


def test_a_flag_within_a_fault_finds_it_and_is_no_false_alarm() -> None:
    found = score(
        flags((5, "a", "gas1", "flat_line", Flag.SUSPECT), (30, "a", "gas1", "spike", Flag.SUSPECT)),
        [fault("stuck", 2, 6), fault("spike", 60, 60.1)],
        stations=2,
        length=WEEK,
    )
    assert found.recall == {"stuck": 1.0, "spike": 0.0}
    assert found.alarms == {"spike": 1}
    assert found.false_alarms == 0.5
    assert len(found.missed) == 1


def test_an_hourly_flag_belongs_to_every_instrument_of_its_station_and_only_to_that() -> None:
    told = flags((5, "a", None, "hourly_flat", Flag.SUSPECT), (5, "b", None, "hourly_flat", Flag.SUSPECT))
    found = score(told, [fault("stuck", 2, 6)], stations=1, length=WEEK)
    assert found.recall == {"stuck": 1.0}
    assert found.alarms == {"hourly_flat": 1}


def test_flags_close_together_are_one_alarm_and_gaps_are_none() -> None:
    told = flags(
        (1, "a", "gas1", "spike", Flag.SUSPECT),
        (2, "a", "gas1", "spike", Flag.FAIL),
        (20, "a", "gas1", "spike", Flag.SUSPECT),
        (1, "a", "gas1", "gap", Flag.MISSING),
        (1, "a", "gas1", "spike", Flag.PASS),
    )
    assert score(told, [], stations=1, length=WEEK).alarms == {"spike": 2}


def test_a_missing_flag_finds_an_outage() -> None:
    told = flags((3, "a", "gas1", "gap", Flag.MISSING))
    assert score(told, [fault("outage", 3, 6, None)], stations=1, length=WEEK).recall == {"outage": 1.0}


def test_no_flags_at_all_find_nothing() -> None:
    found = score(empty_flags(), [fault("stuck", 2, 6)], stations=1, length=WEEK)
    assert (found.recall, found.alarms) == ({"stuck": 0.0}, {})
