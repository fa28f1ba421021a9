from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from qc.hourly.test.pm_inversion import pm_inversion_test
from schemas.reason import reason_text
from tests.qc.hourly.hours import NAN, flagged_hours, hours_of

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds


@pytest.mark.parametrize(
    ("pm25", "pm10", "flag"), [(100, 80, 3), (12, 8, 1), (100, 95, 1), (100, NAN, 2), (NAN, 100, 9)]
)
def test_pm25_over_pm10(pm25: float, pm10: float, flag: int) -> None:
    assert pm_inversion_test(np.array([pm25]), np.array([pm10]), ratio=1.1, difference=10).tolist() == [flag]


def test_inversion_flags_both_parameters_with_the_figures(thresholds: Thresholds) -> None:
    found = flagged_hours(hours_of(pm25=[100.0, 20.0], pm10=[80.0, 40.0]), thresholds, "gas")
    assert found.hourly["pm25__flag"].tolist() == found.hourly["pm10__flag"].tolist() == [3, 1]
    assert found.records["reason"].unique().tolist() == [
        reason_text("pm_inversion", "inversion", pm25=100, pm10=80, unit="ug/m3")
    ]
