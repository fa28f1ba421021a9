from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.exceedance import DayCount, count_days


def daily(*rows: tuple[str, str, float]) -> pd.DataFrame:
    index = pd.DatetimeIndex([f"{day}T16:00Z" for day, _, _ in rows], name="start")
    return pd.DataFrame({"station_id": [row[1] for row in rows], "joint": [row[2] for row in rows]}, index=index)


def test_one_exceedance_of_one_valid_day_is_counted() -> None:
    found = count_days(daily(("2026-11-20", "a", 1.0)), "joint", 30)
    assert found == DayCount(exceeded=1, valid=1, computed=1, days=30)


def test_a_day_that_is_not_valid_is_computed_and_not_counted_as_none() -> None:
    found = count_days(daily(("2026-11-20", "a", np.nan), ("2026-11-21", "a", 0.0)), "joint", 30)
    assert found == DayCount(exceeded=0, valid=1, computed=2, days=30)


def test_a_day_at_several_stations_counts_once_and_other_stations_do_not() -> None:
    rows = daily(("2026-11-20", "a", 0.0), ("2026-11-20", "b", 1.0), ("2026-11-21", "c", 1.0))
    assert count_days(rows, "joint", 30, ["a", "b"]) == DayCount(exceeded=1, valid=1, computed=1, days=30)


def test_without_computed_days_all_counts_are_zero() -> None:
    assert count_days(daily(), "joint", 30, ["a"]) == DayCount(exceeded=0, valid=0, computed=0, days=30)
