"""Thresholds, streams and frames that the tests of quality control share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from qc.native.series import Stream
from qc.run.limits import load_thresholds

if TYPE_CHECKING:
    from collections.abc import Callable

    from qc.limits.thresholds import Thresholds

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="session")
def thresholds() -> Thresholds:
    return load_thresholds()


@pytest.fixture
def stream() -> Stream:
    return Stream(network="gas", station_id="s1", instrument_id="a1", cadence_s=60, zone=SHANGHAI)


@pytest.fixture
def native() -> Callable[..., pd.DataFrame]:
    """Build a native frame from columns; ``cadence_s`` apart, from midnight UTC."""

    def build(cadence_s: int = 60, **columns: object) -> pd.DataFrame:
        length = len(next(iter(columns.values())))  # type: ignore[arg-type]
        index = pd.date_range("2026-06-01", periods=length, freq=f"{cadence_s}s", tz="UTC", unit="us", name="start")
        return pd.DataFrame(columns, index=index)

    return build


@pytest.fixture
def noise() -> Callable[[int], np.ndarray]:
    """Readings of a healthy analyser around 50."""
    return lambda count: 50 + np.random.default_rng(1).normal(0, 1, count).round(2)
