"""Drift of an instrument against a reference: neighbours' median, a second instrument, a model. Pure, arrays in, flags out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta
from scipy.stats import theilslopes

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import InvalidInputError, check_positive, elapsed_s
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values

_DAY_S = 86_400.0
#: Fewest blocks from which a slope is computed.
_LEAST_BLOCKS = 3


class DriftScale(StrEnum):
    """Comparison of a series with its reference."""

    DIFFERENCE = "difference"
    """``value - reference``: a drift of the zero."""
    LOG_RATIO = "log_ratio"
    """``ln(value / reference)`` of values above the floor: a drift of the gain; 0.1 is about 10 %."""


class DriftLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="drift"):
    """Distance of a day's median comparison with other stations from that of the first days; see `drift_test`.

    Attributes
    ----------
    stations : int
        Fewest other stations with a value of an hour.
    days : int
        Length of the evaluated record [d].
    least_hours : int
        Fewest hours of a day.
    """

    suspect: Positive
    scale: DriftScale = DriftScale.LOG_RATIO
    floor: Positive = 1.0
    stations: Annotated[int, Meta(ge=1)] = 3
    days: Annotated[int, Meta(ge=7, le=120)] = 30
    baseline_days: Annotated[int, Meta(ge=1)] = 5
    least_hours: Annotated[int, Meta(ge=1, le=24)] = 12

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return None if self.scale is DriftScale.DIFFERENCE else 'scale: expected "difference" for a direction'


@dataclass(frozen=True, slots=True)
class Drift:
    """Drift of a series.

    Attributes
    ----------
    level : float
        Median comparison over the last block less that of the first ones; unit of the values or [1] by scale.
    slope_per_day, slope_low, slope_high : float
        Theil-Sen slope of the blocks' medians and its 95 % interval, per day.
    blocks : int
        Blocks with enough pairs. Below 3, all figures are NaN.
    """

    level: float
    slope_per_day: float
    slope_low: float
    slope_high: float
    blocks: int

    @property
    def is_certain(self) -> bool:
        """Whether the interval of the slope excludes zero."""
        return self.slope_low > 0 or self.slope_high < 0


def drift_test(  # noqa: PLR0913 - the figures of the limit, by keyword
    values: Values,
    reference: Values,
    times: Times,
    *,
    suspect: float,
    scale: DriftScale = DriftScale.DIFFERENCE,
    floor: float = 1.0,
    block_s: float = _DAY_S,
    baseline_blocks: int = 5,
    least: int = 12,
) -> tuple[Flags, Drift]:
    """Flag a series by the change of its distance from a reference.

    A block whose median comparison is further than ``suspect`` from the median of the first blocks is SUSPECT with all its
    values, if the preceding block was too: a single day with a local plume is no drift. Values of blocks with too few pairs,
    and all values with fewer than ``baseline_blocks + 1`` blocks, are UNKNOWN.

    Parameters
    ----------
    reference : array of float
        As ``values``.
    suspect : float
        Distance of a block from the baseline, by scale: unit of the values or [1], > 0.
    scale : DriftScale
    floor : float
        For the log ratio: pairs with a value at or below it are left out; unit of the values, > 0.
    block_s : float
        Length of a block [s]; a day averages out the daily course.
    baseline_blocks : int
        First blocks of the series, whose median is the baseline.
    least : int
        Fewest pairs of a block.

    Returns
    -------
    flags : array of int8
        MISSING where the value is.
    drift : Drift

    References
    ----------
    Sen, P. K. (1968), https://doi.org/10.1080/01621459.1968.10480934 (the slope and its interval).
    """
    seconds = elapsed_s(values, times)
    if reference.shape != values.shape:
        msg = f"{values.size} values but {reference.size} of the reference"
        raise InvalidInputError(msg)
    check_positive(suspect=suspect, floor=floor, block_s=block_s, baseline_blocks=baseline_blocks, least=least)
    block = (seconds // block_s).astype(np.int64)
    medians = _block_medians(_compared(values, reference, scale, floor), block, least)
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if medians.size > baseline_blocks:
        off = np.abs(medians - np.median(medians.to_numpy()[:baseline_blocks])) > suspect
        stays = off & off.shift(fill_value=False)
        by_block = np.full(int(block[-1]) + 1, Flag.UNKNOWN, dtype=np.int8)
        by_block[medians.index] = np.where(stays, Flag.SUSPECT, Flag.PASS)
        flags = by_block[block]
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags, _drift(medians, block_s / _DAY_S, baseline_blocks)


def _compared(values: Values, reference: Values, scale: DriftScale, floor: float) -> Values:
    """Comparison of each pair; NaN where one is missing or, for ratios, too small."""
    both = np.isfinite(values) & np.isfinite(reference)
    if scale is DriftScale.DIFFERENCE:
        return np.where(both, values - reference, np.nan)
    both &= (values > floor) & (reference > floor)
    return np.log(np.where(both, values, np.nan) / np.where(both, reference, np.nan))


def _block_medians(compared: Values, block: NDArray[np.int64], least: int) -> pd.Series:
    """Median of each block that holds enough pairs, by block number."""
    grouped = pd.Series(compared).groupby(block)
    medians: pd.Series = grouped.median()[grouped.count() >= least]
    return medians


def _drift(medians: pd.Series, block_days: float, baseline_blocks: int) -> Drift:
    numbers = medians.to_numpy(dtype=np.float64)
    if numbers.size < _LEAST_BLOCKS:
        return Drift(np.nan, np.nan, np.nan, np.nan, numbers.size)
    days = medians.index.to_numpy(dtype=np.float64) * block_days
    slope, _, low, high = theilslopes(numbers, days)
    level = float(numbers[-1] - np.median(numbers[:baseline_blocks]))
    return Drift(level, float(slope), float(low), float(high), numbers.size)


def drift_of(own: pd.Series, reference: pd.Series, limit: DriftLimit) -> tuple[Flags, Drift]:
    """`drift_test` of hours (UTC index) with the figures of a limit."""
    return drift_test(
        own.to_numpy(dtype=np.float64),
        reference.to_numpy(dtype=np.float64),
        pd.DatetimeIndex(own.index).tz_localize(None).to_numpy(),
        suspect=limit.suspect,
        scale=limit.scale,
        floor=limit.floor,
        baseline_blocks=limit.baseline_days,
        least=limit.least_hours,
    )
