"""Stored hours before the hours at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qc.hourly.context import with_past
from qc.hourly.mean import Hourly


def hourly(start: str, values: list[float]) -> Hourly:
    index = pd.date_range(start, periods=len(values), freq="h", name="start", unit="us")
    frame = pd.DataFrame({"co2": values, "co2__n": 60, "co2__std": 1.0}, index=index)
    whole = pd.DataFrame({"co2": 1.0}, index=index)
    return Hourly(frame, whole, whole, {"co2": 60})


def stored(start: str, values: list[float], flags: list[int]) -> pd.DataFrame:
    index = pd.date_range(start, periods=len(values), freq="h", name="start", unit="us")
    return pd.DataFrame({"co2": values, "co2__n": 60, "co2__flag": flags, "ch4": 2000.0}, index=index)


def test_stored_hours_precede_the_hours_at_hand_and_a_hole_is_missing() -> None:
    past = stored("2026-06-01T00:00Z", [420.0, 421.0, 422.0], [1, 4, 3])
    found = with_past(hourly("2026-06-01T04:00Z", [430.0, 431.0]), past)
    assert found.frame["co2"].to_numpy() == pytest.approx([420, np.nan, 422, np.nan, 430, 431], nan_ok=True)
    assert found.completeness["co2"].tolist() == [1, 0, 1, 0, 1, 1]
    assert found.certain["co2"].tolist() == [1, 0, 0, 0, 1, 1]
    assert found.frame["co2__n"].tolist() == [60, 60, 60, 0, 60, 60]
    assert list(found.frame) == ["co2", "co2__n", "co2__std"]
    assert found.frame.index.is_monotonic_increasing
    assert found.frame.index.is_unique


def test_hours_at_hand_are_not_replaced_by_stored_ones() -> None:
    now = hourly("2026-06-01T04:00Z", [430.0, 431.0])
    past = stored("2026-06-01T03:00Z", [1.0, 2.0, 3.0], [1, 1, 1])
    assert with_past(now, past).frame["co2"].tolist() == [1.0, 430.0, 431.0]


def test_without_stored_hours_nothing_is_added() -> None:
    now = hourly("2026-06-01T04:00Z", [430.0])
    assert with_past(now, stored("2026-06-01T05:00Z", [1.0], [1])) is now
