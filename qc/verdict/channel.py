"""Channels of a station as hourly series, and the comparison of two of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from qc.verdict.deviation import (
    BEFORE_H,
)
from qc.verdict.kin import Family, family
from schemas.frames import STATUS
from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_RATIOS = frozenset(
    [
        "o3",
        "gamma_dose_rate",
        "h2o",
        "wind_speed",
        "friction_velocity",
        "global_radiation",
        "par",
        "sw_out",
        "uv_radiation",
        "turbidity",
        "water_conductivity",
    ]
)
"""Parameters without a source at the ground that have a true zero, and are compared by their ratio."""
OWN, EXCESS = "own", "excess "
"""Name of the series of the case, and prefix of the excess of a series over the neighbours."""
TWIN = "twin "
"""Prefix of the sources that are other instruments of the same network and parameter."""


class StationChannel(NamedTuple):
    """One series at the station: its source and its parameter."""

    source: str
    code: str


def is_ratio(code: str) -> bool:
    """Whether a parameter is compared by its ratio, as those with a true zero are; else by the difference."""
    return family(code) is not None or code in _RATIOS or code.startswith("soil_moisture")


def log_distance(own: Field, other: Field) -> Field:
    """Logarithm of the ratio of two series, each relative to its usual level; NaN where both are far below it, as at night."""
    before = [item[:BEFORE_H][np.isfinite(item[:BEFORE_H])] for item in (own, other)]
    if not all(len(item) and item.mean() > 0 for item in before):
        return np.full(len(own), np.nan)
    first, second = (item / known.mean() for item, known in zip((own, other), before, strict=True))
    ratio = np.log(np.maximum(first, 0) + 0.1) - np.log(np.maximum(second, 0) + 0.1)
    found: Field = np.where(np.fmax(first, second) > 0.2, ratio, np.nan)  # noqa: PLR2004
    return found


def hourly_of(native: pd.DataFrame, code: str, cadence_s: int) -> pd.Series:
    """Hourly means of readings without a status letter; hours with fewer than half of the readings are absent."""
    if code not in native or native.empty:
        return pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz="UTC"))
    values = native[code].astype(float)
    if code + STATUS in native:
        letters = native[code + STATUS]
        values = values[letters.isna() | letters.eq("N")]
    values = values.dropna()
    groups = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    means = groups.mean()
    so_far = (native.index[-1] - means.index) / pd.Timedelta(seconds=cadence_s) + 1
    found: pd.Series = means[groups.count() >= np.maximum(1.0, np.minimum(3600 // cadence_s, so_far) / 2)]
    return found


def key(channel: StationChannel) -> str:
    """Name of the series of a channel."""
    return f"{channel.source}/{channel.code}"


def least_spread(code: str) -> tuple[float, float]:
    """Least standard deviation of a parameter: its last digit, and a part of the level that decreases with the level."""
    known = parameter(code)
    digit = float(10.0**-known.decimals)
    if known.period:
        return digit, 0.0
    return digit, 0.08 if family(code) not in {None, Family.GREENHOUSE} or code == "o3" else 0.015
