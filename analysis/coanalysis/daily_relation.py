"""How daily PM2.5 and O3 go together before and after the weather is taken out of both, by season."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.statistics.block_correlation import MINIMUM_DAYS, BlockCorrelation, block_correlations

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

SEASONS = {"MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11), "DJF": (12, 1, 2)}
WHOLE = "all"
LAGS_D = tuple(range(-3, 4))
FLOOR = 2.0
"""Smallest value whose logarithm is taken [µg m⁻³], as in the weather model."""


class WeatherRole(StrEnum):
    """What the weather has to do with a correlation."""

    NEITHER = "neither"
    WEATHER = "weather"
    BEYOND_WEATHER = "beyond_weather"
    MASKED = "masked"
    OPPOSITE = "opposite"


class DailyRelation(msgspec.Struct, frozen=True, kw_only=True):
    """Correlations of the logarithms of daily PM2.5 and MDA8 of O3 in a part of the year.

    Attributes
    ----------
    season : str
        `WHOLE`, ``MAM``, ``JJA``, ``SON`` or ``DJF``.
    plain, partial : tuple of BlockCorrelation
        Of the values, and of what is linear in the weather of the day of O3 removed; lags in days (positive: PM2.5 first), in seasons
        lag 0 only.
    deweathered, deweathered_partial : tuple of BlockCorrelation
        The same of what the weather model leaves of both on weeks held out.
    meaning : WeatherRole or None
        None without both intervals.
    """

    season: str
    plain: tuple[BlockCorrelation, ...]
    partial: tuple[BlockCorrelation, ...]
    deweathered: tuple[BlockCorrelation, ...]
    deweathered_partial: tuple[BlockCorrelation, ...]
    meaning: WeatherRole | None


class DeweatheredRelation(msgspec.Struct, frozen=True, kw_only=True):
    """Relation of a station with the weather taken out.

    Attributes
    ----------
    given : tuple of str
        Weather of the partial correlations, means of the day (registry codes).
    r2_pm25, r2_o3 : float or None
        Of the weather models on weeks held out, pooled over the stations that were learnt together [1].
    days : int
        With a valid value of both.
    parts : tuple of DailyRelation
        `WHOLE` first.
    is_usable : bool or None
        Whether both R² are at least `analysis.forecast.deweather.model.LEAST_R2`; if not, ``deweathered`` coefficients are not to be used.
        None: of an earlier version, which did not state it.
    """

    given: tuple[str, ...]
    r2_pm25: float | None
    r2_o3: float | None
    days: int
    parts: tuple[DailyRelation, ...]
    is_usable: bool | None = None


def daily_relation(
    days: pd.DatetimeIndex,
    observed: tuple[Values, Values],
    expected: tuple[Values, Values],
    weather: Mapping[str, Values],
    r2: tuple[float | None, float | None],
    *,
    is_usable: bool | None = None,
) -> DeweatheredRelation:
    """Correlate daily values and what a weather model leaves of them.

    Parameters
    ----------
    days : DatetimeIndex
        Civil days without a gap.
    observed : tuple of array
        24 h means of PM2.5 and MDA8 of O3 [µg m⁻³]; NaN not valid.
    expected : tuple of array
        By weather models that saw neither the week nor the days next to it [µg m⁻³]: of a model that did, the rest would be too small.
    weather : mapping of str to array
        Means of the day in canonical units; NaN missing. One without two different values is left out.
    r2 : tuple
        Of both models.
    is_usable : bool or None
        Of the result.

    Returns
    -------
    DeweatheredRelation
        Coefficients from 28 days on.
    """
    logs = tuple(np.log(np.maximum(item, FLOOR)) for item in observed)
    left = tuple(log - np.log(np.maximum(item, FLOOR)) for log, item in zip(logs, expected, strict=True))
    both = np.isfinite(logs[0]) & np.isfinite(logs[1])
    given = {name: item for name, item in weather.items() if _varies(item)}
    number = np.arange(len(days), dtype=np.int64)
    month = np.asarray(days.month)
    parts = []
    for season, months in ((WHOLE, tuple(range(1, 13))), *SEASONS.items()):
        inside = np.isin(month, months)
        if not (inside & both).any():
            continue
        lags = LAGS_D if season == WHOLE else (0,)
        chosen = [
            _correlations(pair, inside, number, lags, held)
            for pair in (logs, left)
            for held in ((), tuple(given.values()))
        ]
        parts.append(
            DailyRelation(
                season=season,
                plain=chosen[0],
                partial=chosen[1] if given else (),
                deweathered=chosen[2],
                deweathered_partial=chosen[3] if given else (),
                meaning=_meaning(_at_zero(chosen[0]), _at_zero(chosen[2])),
            )
        )
    return DeweatheredRelation(
        given=tuple(given), r2_pm25=r2[0], r2_o3=r2[1], days=int(both.sum()), parts=tuple(parts), is_usable=is_usable
    )


def _correlations(
    pair: tuple[Values, ...],
    inside: NDArray[np.bool_],
    number: NDArray[np.int64],
    lags: tuple[int, ...],
    given: tuple[Values, ...],
) -> tuple[BlockCorrelation, ...]:
    """Pairs belong to the season of the day of O3."""
    return block_correlations(
        pair[0], np.where(inside, pair[1], np.nan), number, lags, given=given, minimum_pairs=MINIMUM_DAYS
    )


def _at_zero(found: tuple[BlockCorrelation, ...]) -> BlockCorrelation:
    return next(item for item in found if item.lag == 0)


def _meaning(plain: BlockCorrelation, left: BlockCorrelation) -> WeatherRole | None:
    """Role of the weather, from the coefficient with and without it.

    Examples
    --------
    >>> def found(low: float, high: float) -> BlockCorrelation:
    ...     return BlockCorrelation(lag=0, r=(low + high) / 2, low=low, high=high, n=100, days=100)
    >>> [str(_meaning(found(-0.4, -0.2), found(*ends))) for ends in ((-0.1, 0.1), (-0.4, -0.1), (0.1, 0.3))]
    ['weather', 'beyond_weather', 'opposite']
    """
    if plain.low is None or plain.high is None or left.low is None or left.high is None:
        return None
    before, after = _sign(plain.low, plain.high), _sign(left.low, left.high)
    if not after:
        return WeatherRole.WEATHER if before else WeatherRole.NEITHER
    if not before:
        return WeatherRole.MASKED
    return WeatherRole.BEYOND_WEATHER if before == after else WeatherRole.OPPOSITE


def _sign(low: float, high: float) -> int:
    """Of an interval; 0 where it holds zero."""
    return int(low > 0) - int(high < 0)


def _varies(values: Values) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known) >= len(values) / 2 and known.min() < known.max())
