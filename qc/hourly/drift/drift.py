"""Drift of an instrument against a reference: neighbours' median, a second instrument, a model. Pure, arrays in, flags out.

Which series is a reference for which is another matter (`qc` modules that know the network); here both are given.
"""

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

_DAY_S = 86_400.0
#: Fewest blocks from which a slope is computed.
_LEAST_BLOCKS = 3


class DriftScale(StrEnum):
    """How a series is compared with its reference."""

    DIFFERENCE = "difference"
    """``value - reference``: a zero that moves."""
    LOG_RATIO = "log_ratio"
    """``ln(value / reference)`` of values above the floor: a gain that moves; 0.1 is about 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRule:
    """When a series has drifted.

    Attributes
    ----------
    suspect : float
        Distance of a block from the baseline, by scale: unit of the values or [1], > 0.
    scale : DriftScale
    floor : float
        For the log ratio: pairs in which one is at or below are left out; unit of the values, > 0.
    block_s : float
        Values are compared by medians over blocks of this length [s]; a day takes out what differs by the hour.
    baseline_blocks : int
        First blocks of the series, whose median is the baseline.
    least : int
        Fewest pairs of a block.
    """

    suspect: float
    scale: DriftScale = DriftScale.DIFFERENCE
    floor: float = 1.0
    block_s: float = _DAY_S
    baseline_blocks: int = 5
    least: int = 12


class DriftLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="drift"):
    """Distance of a day's median comparison with other stations from that of the first ``baseline_days``.

    Attributes
    ----------
    suspect : float
        In the unit of the parameter, or [1] for the log ratio.
    scale : DriftScale
    floor : float
        For the log ratio: hours at or below are left out.
    stations : int
        Fewest other stations that must have an hour.
    days : int
        Length of the evaluated record [d].
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

    @property
    def rule(self) -> DriftRule:
        """Figures for `drift_test`."""
        return DriftRule(
            suspect=self.suspect,
            scale=self.scale,
            floor=self.floor,
            baseline_blocks=self.baseline_days,
            least=self.least_hours,
        )


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
        """Whether the interval of the slope leaves zero out."""
        return self.slope_low > 0 or self.slope_high < 0


def drift_test(
    values: NDArray[np.float64], reference: NDArray[np.float64], times: NDArray[np.datetime64], rule: DriftRule
) -> tuple[NDArray[np.int8], Drift]:
    """Flag a series by the change of its distance from a reference.

    A block whose median comparison is further than ``rule.suspect`` from the median of the first blocks is SUSPECT with all its
    values, if the block before it was too: a day with a plume of its own is no drift. Values of blocks with too few pairs,
    and all of them where there are fewer than ``baseline_blocks + 1`` blocks, are UNKNOWN.

    Parameters
    ----------
    values, reference : array of float
        Of the same times and unit, NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    rule : DriftRule

    Returns
    -------
    flags : array of int8
        MISSING where the value is.
    drift : Drift

    Raises
    ------
    InvalidInputError
        If lengths differ, times are unsorted or doubled, or a figure of the rule has no meaning.

    References
    ----------
    Sen, P. K. (1968), https://doi.org/10.1080/01621459.1968.10480934 (the slope and its interval).
    """
    seconds = elapsed_s(values, times)
    if reference.shape != values.shape:
        msg = f"{values.size} values but {reference.size} of the reference"
        raise InvalidInputError(msg)
    names = ("suspect", "floor", "block_s", "baseline_blocks", "least")
    check_positive(**{name: getattr(rule, name) for name in names})
    block = (seconds // rule.block_s).astype(np.int64)
    medians = _block_medians(_compared(values, reference, rule), block, rule.least)
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if medians.size > rule.baseline_blocks:
        off = np.abs(medians - np.median(medians.to_numpy()[: rule.baseline_blocks])) > rule.suspect
        stays = off & off.shift(fill_value=False)
        by_block = np.full(int(block[-1]) + 1, Flag.UNKNOWN, dtype=np.int8)
        by_block[medians.index] = np.where(stays, Flag.SUSPECT, Flag.PASS)
        flags = by_block[block]
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags, _drift(medians, rule)


def _compared(values: NDArray[np.float64], reference: NDArray[np.float64], rule: DriftRule) -> NDArray[np.float64]:
    """Comparison of each pair; NaN where one is missing or, for ratios, too small."""
    both = np.isfinite(values) & np.isfinite(reference)
    if rule.scale is DriftScale.DIFFERENCE:
        return np.where(both, values - reference, np.nan)
    both &= (values > rule.floor) & (reference > rule.floor)
    return np.log(np.where(both, values, np.nan) / np.where(both, reference, np.nan))


def _block_medians(compared: NDArray[np.float64], block: NDArray[np.int64], least: int) -> pd.Series:
    """Median of each block that holds enough pairs, by block number."""
    grouped = pd.Series(compared).groupby(block)
    medians: pd.Series = grouped.median()[grouped.count() >= least]
    return medians


def _drift(medians: pd.Series, rule: DriftRule) -> Drift:
    numbers = medians.to_numpy(dtype=np.float64)
    if numbers.size < _LEAST_BLOCKS:
        return Drift(np.nan, np.nan, np.nan, np.nan, numbers.size)
    days = medians.index.to_numpy(dtype=np.float64) * rule.block_s / _DAY_S
    slope, _, low, high = theilslopes(numbers, days)
    level = float(numbers[-1] - np.median(numbers[: rule.baseline_blocks]))
    return Drift(level, float(slope), float(low), float(high), numbers.size)
