"""Conditional probability of high concentrations by wind sector (CPF), with an allowance for dependence and for multiple comparison.

Hours of one day depend on each other, and the leading sector is the best of 17. Both are allowed for:

* a sector is named only if its excess over all hours is larger than the largest excess of any sector in at least 95 % of
  the rotations of the concentrations against the wind by whole days. A rotation keeps the persistence of both series and
  their daily cycles, and undoes what one has to do with the other;
* intervals hold for all sectors together (Bonferroni), from an effective number of hours by days as clusters.

``bench/analysis/attribution_noise.py`` measures how often noise is given a direction, and the coverage of the intervals.

References
----------
CPF = m / n of each of 16 sectors, with calm a class of its own: n hours with wind from the sector, m of them above a
threshold. Effective number of hours: Korn and Graubard 1998, Survey Methodology 24, 193, with the cluster variance of a
ratio. Interval: Wilson's score interval of a binomial proportion. Rotations: a permutation test under the group of
circular shifts.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
from scipy.stats import norm, t

from analysis.receptor.wind import CALM, SECTORS, UNKNOWN
from analysis.statistics.tail import FEWEST_MAXIMA, tail_chance

MINIMUM_HOURS_OF_SECTOR = 5
CHANCE = 0.05
"""Largest chance at which a sector is named; project choice [1]."""
_DAY_H = 24
_CLASSES = (*range(SECTORS), CALM)
LOOKS = len(_CLASSES)
"""Number of compared rates: sectors and calm."""


class SectorRate(msgspec.Struct, frozen=True, kw_only=True):
    """One sector, or calm.

    Attributes
    ----------
    sector : int
        0 (N) to 15 (NNW), -1 calm.
    hours, above : int
        Hours with wind from there, and of them above the threshold.
    days : int
        Different UTC days among the hours above.
    effective_hours : float
        Effective number of independent hours [1].
    rate, low, high : float or None
        CPF with the interval that holds for all sectors together with 95 % [1]; None without hours.
    """

    sector: int
    hours: int
    above: int
    days: int
    effective_hours: float
    rate: float | None
    low: float | None
    high: float | None


class SectorTable(msgspec.Struct, frozen=True, kw_only=True):
    """CPF of a station.

    Attributes
    ----------
    rows : tuple of SectorRate
        16 sectors, then calm.
    threshold : float
        In the unit of the parameter.
    hours, above : int
        All hours with value and wind.
    without_wind : int
        Hours with a value but no wind.
    rotations : int
        Rotations by whole days that the leading sector was compared with.
    chance : float or None
        Part of the rotations, the true order among them, with an excess as large as the largest one found [1]; None where
        no sector has enough hours.
    tail_chance : float or None
        The same by the distribution of the largest excess of the rotations, for comparison over several looks [1]; None likewise,
        and with fewer than 3 rotations.
    """

    rows: tuple[SectorRate, ...]
    threshold: float
    hours: int
    above: int
    without_wind: int
    rotations: int
    chance: float | None
    tail_chance: float | None = None

    @property
    def overall(self) -> float | None:
        """Rate of all hours [1]; None without any."""
        return self.above / self.hours if self.hours else None

    @property
    def is_testable(self) -> bool:
        """Whether there are enough days to name a sector at all."""
        return 1 / (self.rotations + 1) <= CHANCE

    def leading(self) -> SectorRate | None:
        """Sector (or calm) with the largest excess over all hours, if chance does not explain it; else None."""
        overall = self.overall
        if overall is None or self.chance is None or self.chance > CHANCE:
            return None
        counts = np.array([[row.hours, row.above] for row in self.rows])
        best = self.rows[int(np.argmax(_excess(counts[:, 0], counts[:, 1], overall)))]
        return best if best.low is not None and best.low > overall else None


def cpf(values: pd.Series, sector: pd.Series, threshold: float) -> SectorTable:
    """Conditional probability of values above a threshold, by sector.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        NaN is missing.
    sector : pd.Series of int
        Of `analysis.receptor.wind.sectors`, same index.
    threshold : float
        In the unit of ``values``.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=4, freq="h", tz="UTC")
    >>> values, wind = pd.Series([80.0, 20.0, 90.0, 10.0], index=hours), pd.Series([0, 4, 0, 4], index=hours)
    >>> table = cpf(values, wind, 50.0)
    >>> table.rows[0].rate, table.rows[4].rate, table.overall
    (1.0, 0.0, 0.5)
    """
    index = pd.DatetimeIndex(values.index)
    valid = values.notna().to_numpy()
    classes = sector.to_numpy()
    known = valid & (classes != UNKNOWN)
    above = known & (values.to_numpy(dtype=float) > threshold)
    days = np.asarray(index.as_unit("s").asi8 // (_DAY_H * 3600))
    rows = [_row(number, known & (classes == number), above, days) for number in _CLASSES]
    rotations, chance, tail = _chance(index, values.to_numpy(dtype=float) > threshold, valid, classes)
    return SectorTable(
        rows=tuple(rows),
        threshold=threshold,
        hours=int(known.sum()),
        above=int(above.sum()),
        without_wind=int((valid & ~known).sum()),
        rotations=rotations,
        chance=chance,
        tail_chance=tail,
    )


def interval(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Own code, since `scipy.stats.binomtest` takes whole numbers only and the effective number of hours is not whole.

    Parameters
    ----------
    hits, n : float
        Effective hours above the threshold, and all of them [1]; ``n`` above 0.
    level : float
        Confidence [1].

    Examples
    --------
    >>> low, high = interval(8.0, 10.0)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    z = float(norm.ppf((1 + level) / 2))
    share, z2 = hits / n, z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def effective_hours(above: np.ndarray, hours: np.ndarray, level: float) -> float:
    """Effective number of independent hours of hours in clusters (days) [1].

    Parameters
    ----------
    above, hours : array of int
        By day; days without hours are left out.
    level : float
        Of the interval that is wanted, since few days widen it by Student's quantile.

    References
    ----------
    Korn and Graubard 1998, Survey Methodology 24, 193.

    Examples
    --------
    >>> import numpy as np
    >>> effective_hours(np.array([6, 0, 5, 1]), np.array([6, 6, 6, 6]), 0.95) < 24
    True
    """
    n, days = float(hours.sum()), len(hours)
    share = above.sum() / n
    if days < 2:  # noqa: PLR2004 - one day has no variance between days
        return 1.0
    variance = days / (days - 1) * float(((above - share * hours) ** 2).sum()) / n**2
    spread = share * (1 - share)
    # Without variance between days (all above, or none) each day counts once.
    count = min(n, spread / variance) if variance > 0 else float(days)
    tail = (1 + level) / 2
    return float(max(1.0, count) * (norm.ppf(tail) / t.ppf(tail, days - 1)) ** 2)


def _row(number: int, hours: np.ndarray, above: np.ndarray, days: np.ndarray) -> SectorRate:
    n, hits = int(hours.sum()), int((hours & above).sum())
    if not n:
        return SectorRate(sector=number, hours=0, above=0, days=0, effective_hours=0.0, rate=None, low=None, high=None)
    _, place = np.unique(days[hours], return_inverse=True)
    by_day, hit_by_day = np.bincount(place), np.bincount(place, weights=above[hours])
    level = 1 - CHANCE / LOOKS
    effective = effective_hours(hit_by_day, by_day, level)
    low, high = interval(hits / n * effective, effective, level)
    return SectorRate(
        sector=number,
        hours=n,
        above=hits,
        days=int((hit_by_day > 0).sum()),
        effective_hours=effective,
        rate=hits / n,
        low=low,
        high=high,
    )


def _excess(hours: np.ndarray, above: np.ndarray, overall: np.ndarray | float) -> np.ndarray:
    """Standardised excess of each sector's rate over all hours; minus infinity with too few hours."""
    spread = np.sqrt(np.maximum(hours * overall * (1 - overall), 1e-12))
    return np.where(hours >= MINIMUM_HOURS_OF_SECTOR, (above - hours * overall) / spread, -np.inf)


def _chance(
    index: pd.DatetimeIndex, above: np.ndarray, valid: np.ndarray, classes: np.ndarray
) -> tuple[int, float | None, float | None]:
    """How many rotations by whole days there are, and in which part of them the largest excess is as large as in truth."""
    if not len(index):
        return 0, None, None
    hour = np.asarray((index - index[0]) // pd.Timedelta(hours=1), dtype=np.int64)
    days = (int(hour[-1]) + _DAY_H) // _DAY_H
    size = days * _DAY_H
    wind = np.full(size, UNKNOWN)
    wind[hour] = classes
    state = np.zeros((2, size))
    state[:, hour] = valid, valid & above
    member = (wind[:, None] == np.array(_CLASSES)).astype(float)
    # one row a rotation: counts of valid hours and of hours above, by sector
    turned = np.stack([np.roll(state, _DAY_H * shift, axis=1) @ member for shift in range(days)])
    hours, hits = turned[:, 0], turned[:, 1]
    total = hours.sum(axis=1, keepdims=True)
    overall = np.divide(hits.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    largest = _excess(hours, hits, overall).max(axis=1)
    if not np.isfinite(largest[0]):
        return days - 1, None, None
    others = largest[1:][np.isfinite(largest[1:])]
    tail = tail_chance(others, float(largest[0])) if len(others) >= FEWEST_MAXIMA else None
    return days - 1, float((largest >= largest[0] - 1e-9).mean()), tail
