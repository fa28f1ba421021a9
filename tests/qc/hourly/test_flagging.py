from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from qc.hourly.flagging import FlaggedHours, flag_hours
from qc.hourly.mean import Hourly
from qc.hourly.table import HOURLY_TESTS
from qc.hourly.test.completeness import completeness_test
from qc.hourly.test.hourly_flat import hourly_flat_test
from qc.hourly.test.hourly_spike import hourly_spike_test
from qc.hourly.test.pm_inversion import pm_inversion_test
from qc.hourly.test.suspect_share import suspect_share_test
from schemas.flag import Flag
from schemas.frames import valid_values
from schemas.reason import reason_text
from tests.qc.conftest import SHANGHAI

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

NAN = np.nan


def times(count: int) -> np.ndarray:
    return np.datetime64("2026-06-01", "us") + np.arange(count) * np.timedelta64(3600, "s")


def judged(thresholds: Thresholds, share: float = 1.0, certain: float = 1.0, **values: list[float]) -> FlaggedHours:
    index = pd.DatetimeIndex(times(len(next(iter(values.values())))), name="start").tz_localize("UTC")
    frame = pd.DataFrame(
        {
            name: column
            for code, column in values.items()
            for name, column in ((code, column), (f"{code}__n", np.where(np.isnan(column), 0, 60)))
        },
        index=index,
    )
    there = {code: np.where(np.isnan(column), 0.0, share) for code, column in values.items()}
    sure = {code: np.where(np.isnan(column), 0.0, certain) for code, column in values.items()}
    hourly = Hourly(frame, pd.DataFrame(there, index=index), pd.DataFrame(sure, index=index), dict.fromkeys(values, 60))
    return flag_hours(hourly, thresholds, network="gas", station_id="s", zone=SHANGHAI)


def test_completeness_fails_below_45_minutes() -> None:
    shares = np.array([1, 0.75, 44 / 60, 0])
    assert completeness_test(shares, 0.75).tolist() == [1, 1, 4, 9]


def test_hour_that_needs_its_suspect_values_is_suspect() -> None:
    flags = suspect_share_test(np.array([1, 1, 0.5, 0]), np.array([0.8, 0.7, 0.5, 0]), 0.75)
    assert flags.tolist() == [1, 3, 2, 9]


def test_hourly_spike_needs_ratio_and_increment_and_both_neighbours() -> None:
    values = np.array([10.0, 200, 10, 1, 5, 1, NAN, 300, 1])
    flags = hourly_spike_test(values, times(9), ratio=3, increment=100)
    assert flags.tolist() == [2, 3, 1, 1, 1, 2, 9, 2, 2]


def test_hours_apart_are_no_neighbours() -> None:
    flags = hourly_spike_test(np.array([1.0, 500, 1]), times(6)[[0, 1, 5]], ratio=3, increment=100)
    assert flags.tolist() == [2, 2, 2]


def test_flat_hours_above_the_detection_limit_are_suspect() -> None:
    values = np.array([5.0] * 4 + [20.0] * 4)
    flags = hourly_flat_test(values, times(8), hours=3, tolerance=0.01, above=10)
    assert flags.tolist() == [1, 1, 1, 1, 1, 1, 3, 3]


@pytest.mark.parametrize(
    ("pm25", "pm10", "flag"), [(100, 80, 3), (12, 8, 1), (100, 95, 1), (100, NAN, 2), (NAN, 100, 9)]
)
def test_pm25_over_pm10(pm25: float, pm10: float, flag: int) -> None:
    assert pm_inversion_test(np.array([pm25]), np.array([pm10]), ratio=1.1, difference=10).tolist() == [flag]


def test_inversion_makes_both_suspect_in_words_with_figures(thresholds: Thresholds) -> None:
    found = judged(thresholds, pm25=[100.0, 20.0], pm10=[80.0, 40.0])
    assert found.hourly["pm25__flag"].tolist() == found.hourly["pm10__flag"].tolist() == [3, 1]
    assert found.records["reason"].unique().tolist() == [
        reason_text("pm_inversion", "inversion", pm25=100, pm10=80, unit="ug/m3")
    ]


def test_incomplete_hour_keeps_its_mean_but_never_enters_statistics(thresholds: Thresholds) -> None:
    found = judged(thresholds, share=0.5, certain=0.5, o3=[50.0, NAN])
    assert found.hourly["o3"].iloc[0] == 50
    assert found.hourly["o3__flag"].tolist() == [Flag.FAIL, Flag.MISSING]
    assert valid_values(found.hourly, "o3").isna().all()
    assert found.records["test"].tolist() == ["completeness", "completeness"]


def test_soft_tests_only_make_suspect(thresholds: Thresholds) -> None:
    rng = np.random.default_rng(0)
    found = judged(thresholds, pm25=list(rng.choice([10.0, 900.0], 200)), pm10=list(rng.choice([5.0, 1000.0], 200)))
    soft = found.records[found.records["test"] != "completeness"]
    assert len(soft)
    assert set(soft["flag"]) == {Flag.SUSPECT}
    assert set(soft["test"]) <= set(HOURLY_TESTS)


def test_missing_limit_is_counted(thresholds: Thresholds) -> None:
    found = judged(thresholds, h2s=[1.0, 2.0])
    assert found.unevaluated == {"hourly_spike": 1, "hourly_flat": 1}


def test_many_parameters_leave_the_frame_whole(thresholds: Thresholds) -> None:
    from schemas.parameter import parameters_of

    columns = {item.parameter: [1.0, 2.0] for item in parameters_of("voc")}
    found = judged(thresholds, **columns)
    assert found.hourly.shape == (2, 3 * len(columns))
