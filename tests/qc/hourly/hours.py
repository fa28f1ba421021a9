"""Hours that tests of hourly tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.context import HourlyContext
from qc.hourly.flagging import FlaggedHours, flag_hours
from qc.hourly.mean import Hourly
from qc.native.coordinates import Coordinates
from tests.qc.conftest import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.limits.thresholds import Thresholds

PLACE = Coordinates(lon=123.4, lat=41.8)
NAN = np.nan


def times(count: int) -> np.ndarray:
    """Consecutive hours of June."""
    return np.datetime64("2026-06-01", "us") + np.arange(count) * np.timedelta64(3600, "s")


def hours_of(share: float = 1.0, certain: float = 1.0, **values: Sequence[float] | np.ndarray) -> Hourly:
    """Hours of these columns; ``share`` and ``certain`` are the completeness where there is a value."""
    index = pd.DatetimeIndex(times(len(next(iter(values.values())))), name="start").tz_localize("UTC")
    frame = pd.DataFrame(values, index=index, dtype=float)
    codes = [code for code in values if "__" not in code]
    there = frame[codes].notna().astype(float)
    counts = (60 * there).astype(int).add_suffix("__n")
    return Hourly(pd.concat([frame, counts], axis=1), there * share, there * certain, dict.fromkeys(codes, 60))


def flagged_hours(hourly: Hourly, thresholds: Thresholds, network: str) -> FlaggedHours:
    """Outcome of all hourly tests at one station."""
    return flag_hours(HourlyContext(hourly, thresholds, network=network, station_id="s", zone=SHANGHAI, place=PLACE))
