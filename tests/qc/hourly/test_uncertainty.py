from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.hourly.uncertainty import hourly_uncertainty, with_uncertainty
from qc.limits.load import ThresholdError
from qc.run.limits import load_thresholds, parse_thresholds

PLACE = {"network": "gas", "station_id": "s1", "zone": ZoneInfo("Asia/Shanghai")}
STATED = """[hour]
min_completeness = 0.75
unit = "1"
source = "a test"
verified = false
[[limit]]
test = "uncertainty"
parameters = ["o3"]
relative = 0.04
absolute = 3.0
months = [6]
unit = "ug/m3"
source = "calibration of a test"
verified = false
"""


def hours(start: str = "2026-06-01T00:00Z") -> pd.DataFrame:
    index = pd.date_range(start, periods=2, freq="h", unit="us", name="start")
    return pd.DataFrame({"o3": [100.0, np.nan], "no2": [10.0, 20.0]}, index=index)


def test_stated_parts_are_combined_and_other_parameters_left_without() -> None:
    found = with_uncertainty(hours(), parse_thresholds(STATED, "t"), **PLACE)
    assert found["o3__uncertainty"].iloc[0] == pytest.approx(5.0)
    assert np.isnan(found["o3__uncertainty"].iloc[1])
    assert "no2__uncertainty" not in found


def test_months_and_files_without_a_statement_add_nothing() -> None:
    for frame, thresholds in (
        (hours("2026-07-02T00:00Z"), parse_thresholds(STATED, "t")),
        (hours(), load_thresholds()),
    ):
        assert list(with_uncertainty(frame, thresholds, **PLACE)) == ["o3", "no2"]


def test_a_negative_part_is_refused() -> None:
    with pytest.raises(ThresholdError, match="relative"):
        parse_thresholds(STATED.replace("0.04", "-0.04"), "t")


@given(st.floats(-1e6, 1e6), st.floats(0, 1), st.floats(0, 1e3))
def test_it_is_never_below_either_part(value: float, relative: float, absolute: float) -> None:
    found = hourly_uncertainty(np.array([value]), relative=relative, absolute=absolute)[0]
    assert found >= max(relative * abs(value), absolute) * (1 - 1e-12)
