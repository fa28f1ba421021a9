from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.test.completeness import completeness_test
from schemas.flag import Flag
from schemas.frames import valid_values
from tests.qc.hourly.hours import NAN, flagged_hours, hours_of

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds


def test_completeness_fails_below_45_minutes() -> None:
    shares = np.array([1, 0.75, 44 / 60, 0])
    assert completeness_test(shares, 0.75).tolist() == [1, 1, 4, 9]


def test_incomplete_hour_keeps_its_mean_but_never_enters_statistics(thresholds: Thresholds) -> None:
    found = flagged_hours(hours_of(share=0.5, certain=0.5, o3=[50.0, NAN]), thresholds, "gas")
    assert found.hourly["o3"].iloc[0] == 50
    assert found.hourly["o3__flag"].tolist() == [Flag.FAIL, Flag.MISSING]
    assert valid_values(found.hourly, "o3").isna().all()
    assert found.records["test"].tolist() == ["completeness", "completeness"]
