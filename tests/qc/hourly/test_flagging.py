from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.table import HOURLY_TESTS
from schemas.flag import Flag
from schemas.parameter import parameters_of
from tests.qc.hourly.hours import flagged_hours, hours_of

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds


def test_soft_tests_flag_at_most_suspect(thresholds: Thresholds) -> None:
    rng = np.random.default_rng(0)
    hours = hours_of(pm25=rng.choice([10.0, 900.0], 200), pm10=rng.choice([5.0, 1000.0], 200))
    records = flagged_hours(hours, thresholds, "gas").records
    soft = records[records["test"] != "completeness"]
    assert len(soft)
    assert set(soft["flag"]) == {Flag.SUSPECT}
    assert set(soft["test"]) <= set(HOURLY_TESTS)


def test_missing_limit_is_counted(thresholds: Thresholds) -> None:
    found = flagged_hours(hours_of(h2s=[1.0, 2.0]), thresholds, "gas")
    assert found.unevaluated == {"hourly_spike": 1, "hourly_flat": 1}


def test_many_parameters_leave_the_frame_whole(thresholds: Thresholds) -> None:
    columns = {item.parameter: [1.0, 2.0] for item in parameters_of("voc")}
    found = flagged_hours(hours_of(**columns), thresholds, "gas")
    assert found.hourly.shape == (2, 3 * len(columns))
