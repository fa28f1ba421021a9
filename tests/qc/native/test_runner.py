from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.native.table import TESTS
from qc.run.limits import load_thresholds, parse_thresholds
from schemas.flag import PRECEDENCE, Flag, combine
from schemas.frames import FLAG_COLUMNS, FrameError
from tests.qc.conftest import SHANGHAI

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

Build = Callable[..., pd.DataFrame]
Noise = Callable[[int], np.ndarray]
RANK = {int(flag): rank for rank, flag in enumerate(reversed(PRECEDENCE))}


def test_healthy_minutes_pass_without_a_record(
    native: Build, noise: Noise, stream: Stream, thresholds: Thresholds
) -> None:
    flagged = flag_native(native(o3=noise(600)), stream, thresholds)
    assert set(flagged.combined["o3"]) == {1}
    assert flagged.records.empty


def test_each_fault_is_found_by_its_test(native: Build, noise: Noise, stream: Stream, thresholds: Thresholds) -> None:
    values = noise(900)
    values[10], values[20], values[600:800] = 9999, 180, 55.5
    letters = np.full(900, None, dtype=object)
    letters[30:33] = "C"
    frame = native(o3=values, o3__status=letters).drop(
        index=pd.date_range("2026-06-01 00:50", periods=5, freq="min", tz="UTC")
    )
    records = flag_native(frame, stream, thresholds).records
    found = records.groupby("test").size().to_dict()
    assert tuple(records.columns) == FLAG_COLUMNS
    assert found["status"] == 3
    assert found["gap"] == 1
    assert found["flat_line"] == 20
    assert {"status", "gross_range", "spike", "spike_burst", "rate_of_change", "flat_line", "gap"} <= set(found)
    assert set(found) <= set(TESTS)
    assert records[records["test"] == "gap"]["start"].iloc[0] == pd.Timestamp("2026-06-01T00:50Z")
    assert records[records["test"] == "gross_range"]["flag"].tolist() == [4]


def test_missing_value_with_a_fault_letter_fails_and_is_no_gap(
    native: Build, stream: Stream, thresholds: Thresholds
) -> None:
    letters = np.array([None, "D", "D", None, None], dtype=object)
    flagged = flag_native(native(o3=[1.0, np.nan, np.nan, np.nan, 2.0], o3__status=letters), stream, thresholds)
    assert flagged.combined["o3"].tolist() == [1, 4, 4, 9, 1]
    assert flagged.records.groupby("test").size().to_dict() == {"status": 2, "gap": 1}


def test_test_without_a_limit_is_counted_and_no_pass(native: Build, stream: Stream) -> None:
    only_hour = parse_thresholds('[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false', "f")
    flagged = flag_native(native(obukhov_length=[1.0, 2.0]), stream, only_hour)
    assert flagged.combined["obukhov_length"].tolist() == [2, 2]
    assert flagged.unevaluated == dict.fromkeys(set(TESTS) - {"status", "gap"}, 1)


def test_season_is_of_the_civil_month(stream: Stream) -> None:
    text = '[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n'
    for months, high in (("[6]", 10.0), ("[7]", 100.0)):
        text += f'[[limit]]\ntest = "gross_range"\nparameters = ["o3"]\nunit = "ug/m3"\nsource = "test"\nverified = false\nmonths = {months}\nsuspect_max = {high}\n'
    index = pd.DatetimeIndex(["2026-06-30T15:59:00Z", "2026-06-30T16:00:00Z"])
    flagged = flag_native(pd.DataFrame({"o3": [50.0, 50.0]}, index=index), stream, parse_thresholds(text, "f"))
    assert flagged.combined["o3"].tolist() == [3, 1]


def test_flat_zero_at_the_detection_limit_is_exempt(native: Build, stream: Stream, thresholds: Thresholds) -> None:
    assert flag_native(native(so2=np.full(600, 2.0)), stream, thresholds).records.empty


def test_unsorted_frame_is_refused(native: Build, stream: Stream, thresholds: Thresholds) -> None:
    with pytest.raises(FrameError, match="ascending"):
        flag_native(native(o3=[1.0, 2.0]).iloc[::-1], stream, thresholds)


def test_empty_frame_gives_nothing(native: Build, stream: Stream, thresholds: Thresholds) -> None:
    flagged = flag_native(native(o3=[1.0]).iloc[:0], stream, thresholds)
    assert flagged.combined["o3"].size == 0
    assert flagged.records.empty


@settings(deadline=None)
@given(st.lists(st.sampled_from([1, 2, 3, 4, 9]), min_size=1, max_size=6), st.sampled_from([3, 4]))
def test_adding_a_failing_test_never_improves_a_flag(flags: list[int], worse: int) -> None:
    arrays = [np.array([flag], dtype=np.int8) for flag in flags]
    before, after = int(combine(arrays)[0]), int(combine([*arrays, np.array([worse], dtype=np.int8)])[0])
    assert RANK[after] >= RANK[before]
    assert RANK[after] >= RANK[worse]


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.floats(-100, 11_000), min_size=3, max_size=40), st.integers(0, 39))
def test_a_fault_letter_never_improves_the_flag_of_its_value(numbers: list[float], at: int) -> None:
    frame = pd.DataFrame({"o3": numbers}, index=pd.date_range("2026-06-01", periods=len(numbers), freq="min", tz="UTC"))
    letters = np.full(len(numbers), None, dtype=object)
    letters[at % len(numbers)] = "D"
    stream = Stream(network="gas", station_id="s", instrument_id="a", cadence_s=60, zone=SHANGHAI)
    before = flag_native(frame, stream, load_thresholds()).combined["o3"]
    after = flag_native(frame.assign(o3__status=letters), stream, load_thresholds()).combined["o3"]
    assert RANK[int(after[at % len(numbers)])] >= RANK[int(before[at % len(numbers)])]
    assert after[at % len(numbers)] == Flag.FAIL


def test_the_end_of_a_calibration_is_no_spike_step_or_change(
    native: Build, noise: Noise, stream: Stream, thresholds: Thresholds
) -> None:
    values, letters = noise(300), np.full(300, None, dtype=object)
    values[100:107], values[107:114], letters[100:114] = 0.0, 300.0, "C"
    records = flag_native(native(o3=values, o3__status=letters), stream, thresholds).records
    assert set(records["test"]) == {"status"}


def test_a_jump_of_the_clock_is_suspect_for_all_parameters(
    native: Build, noise: Noise, stream: Stream, thresholds: Thresholds
) -> None:
    frame = native(o3=noise(300), so2=noise(300))
    late = frame.index[200:220] + pd.Timedelta(seconds=17)
    frame.index = frame.index[:200].append(late).append(frame.index[220:])
    records = flag_native(frame, stream, thresholds).records
    assert records.groupby(["parameter", "test"]).size().to_dict() == {("o3", "clock"): 20, ("so2", "clock"): 20}


def test_a_steady_clock_is_no_pass_of_a_value_without_limits(
    native: Build, stream: Stream, thresholds: Thresholds
) -> None:
    assert flag_native(native(obukhov_length=[1.0, 2.0]), stream, thresholds).combined["obukhov_length"].tolist() == [
        2,
        2,
    ]


@pytest.mark.parametrize("parameter", ["o3", "temperature", "gamma_dose_rate", "pm25", "co2"])
@pytest.mark.parametrize(
    "values", [[], [np.nan], [5.0], [np.nan] * 300, [5.0] * 300, [1e300, -1e300] * 150, [np.inf] * 3]
)
def test_a_poor_series_has_a_defined_result(
    parameter: str, values: list[float], native: Build, stream: Stream, thresholds: Thresholds
) -> None:
    frame = native(**{parameter: np.array(values, dtype=float)})
    flags = flag_native(frame, stream, thresholds).combined[parameter]
    assert flags.shape == (len(values),)
    assert ((flags == Flag.MISSING) == ~np.isfinite(np.array(values, dtype=float))).all()


def test_only_hard_tests_fail_a_value(native: Build, stream: Stream, thresholds: Thresholds) -> None:
    rng = np.random.default_rng(4)
    values = np.where(rng.random(3000) < 0.05, rng.normal(0, 3000, 3000), rng.normal(50, 20, 3000))
    records = flag_native(native(o3=values), stream, thresholds).records
    assert set(records[records["flag"] == Flag.FAIL]["test"]) == {"gross_range"}
