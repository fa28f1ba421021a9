from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from schemas.flagged import RecordedFlags, hours_with_flags, join_hours, join_native, native_with_flags
from schemas.frames import FLAG_COLUMNS, empty_flags
from schemas.interval import Interval

HOUR = datetime(2026, 11, 22, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCREENED = (Interval(HOUR, HOUR + timedelta(hours=1)),)


def _records(*rows: tuple[object, ...], ends: list[datetime | None] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["start", "test", "flag"])
    frame = frame.assign(station_id="a-1", instrument_id=None, parameter="o3", reason="why")[list(FLAG_COLUMNS)]
    return frame if ends is None else frame.assign(end=pd.to_datetime(pd.Series(ends), utc=True))


def _minutes(count: int = 60) -> pd.Series:
    return pd.Series(1.0, index=pd.date_range(HOUR, periods=count, freq="min", name="start", unit="us"))


def _flags(native: pd.DataFrame, hourly: pd.DataFrame | None = None, values: pd.Series | None = None) -> list[int]:
    known = RecordedFlags(native, empty_flags() if hourly is None else hourly, SCREENED)
    return join_native(known, "gas1", "o3", _minutes() if values is None else values).flags.tolist()


def test_a_failed_span_check_covers_every_minute_of_its_hour() -> None:
    late = HOUR + 5 * MINUTE
    assert _flags(_records((late, "calibration", 4))) == [1] * 5 + [4] * 55


def test_a_record_covers_up_to_the_end_that_it_states() -> None:
    passed = HOUR + 40 * MINUTE
    assert _flags(_records((HOUR, "calibration", 4), ends=[passed])) == [4] * 40 + [1] * 20


def test_a_record_of_one_value_covers_that_value_only() -> None:
    assert _flags(_records((HOUR + 3 * MINUTE, "spike", 3))) == [1] * 3 + [3] + [1] * 56


@pytest.mark.parametrize("test", ["drift", "pm_inversion", "spatial_consistency", "hourly_flat"])
def test_an_hourly_flag_covers_the_minutes_of_its_hour(test: str) -> None:
    assert _flags(empty_flags(), _records((HOUR, test, 3))) == [3] * 60


@pytest.mark.parametrize(("test", "flag"), [("completeness", 4), ("completeness", 9), ("suspect_share", 3)])
def test_a_test_of_the_aggregation_does_not_flag_minutes(test: str, flag: int) -> None:
    assert _flags(empty_flags(), _records((HOUR, test, flag))) == [1] * 60


def test_a_value_after_the_last_run_is_not_evaluated() -> None:
    assert _flags(empty_flags(), values=_minutes(62)) == [1] * 60 + [2, 2]


def test_a_value_that_failed_before_any_run_was_recorded_stays_failed() -> None:
    known = RecordedFlags(_records((HOUR, "status", 4)), empty_flags(), ())
    assert join_native(known, "gas1", "o3", _minutes(2)).flags.tolist() == [4, 2]


def test_a_missing_value_stays_missing_under_a_record_of_its_hour_and_fails_by_its_own() -> None:
    values = _minutes(3)
    values.iloc[1:] = np.nan
    native = _records((HOUR, "calibration", 4), (HOUR + 2 * MINUTE, "status", 4))
    assert _flags(native, values=values) == [4, 9, 4]


def test_notes_name_every_test_that_covers_a_value() -> None:
    known = RecordedFlags(
        _records((HOUR, "calibration", 4), (HOUR, "spike", 3)), _records((HOUR, "drift", 3)), SCREENED
    )
    notes = join_native(known, "gas1", "o3", _minutes(2)).notes.tolist()
    assert notes == ["calibration: why\nspike: why\ndrift: why", "calibration: why\ndrift: why"]


def test_flags_of_another_instrument_do_not_count() -> None:
    other = _records((HOUR, "calibration", 4)).assign(instrument_id="gas2")
    assert _flags(other) == [1] * 60


def test_an_exported_native_frame_has_a_flag_for_each_value() -> None:
    native = _minutes(61).to_frame("o3").assign(o3__status=None)
    found = native_with_flags(native, "gas1", RecordedFlags(empty_flags(), empty_flags(), SCREENED))
    assert list(found) == ["o3", "o3__flag", "o3__status"]
    assert found["o3__flag"].tolist() == [1] * 60 + [2]
    assert found["o3__flag"].dtype == np.int8


def test_drift_found_after_the_hours_were_made_is_in_their_flags() -> None:
    hours = pd.DataFrame(
        {"o3": 1.0, "o3__flag": np.int8(1)}, index=pd.date_range(HOUR, periods=2, freq="h", name="start", unit="us")
    )
    drift = _records((HOUR, "drift", 3))
    assert join_hours(drift, "o3", hours["o3__flag"]).flags.tolist() == [3, 1]
    assert hours_with_flags(hours, drift)["o3__flag"].tolist() == [3, 1]
