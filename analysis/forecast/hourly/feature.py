"""Features of pairs of origin and lead: observations before the origin, and weather ahead where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.grid import CODES, LAST_LEAD_H, TARGETS, WEATHER, HourGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAGS_H = (1, 2, 4, 7, 11, 17, 23)
_USUAL_DAYS = 14
LINEAR = ("last", "mean_6h", "mean_24h", "mean_72h", "same_hour", "usual", "network_24h")
"""Features of the linear first guess."""
SEASONAL = "season_sin"
"""A feature that only models with the day of the year have."""


@dataclass(frozen=True, slots=True)
class LeadPairs:
    """Pairs of series, origin row and hours ahead (1 to LAST_LEAD_H), and whether the weather ahead may be used, all (n,)."""

    series: NDArray[np.int64]
    row: NDArray[np.int64]
    lead: NDArray[np.int64]
    weather: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> LeadPairs:
        """Some of the pairs."""
        return LeadPairs(self.series[chosen], self.row[chosen], self.lead[chosen], self.weather[chosen])


class FeatureMaker:
    """Makes matrices of a grid; sums over time are computed once."""

    def __init__(self, grid: HourGrid) -> None:
        self.grid = grid
        self._sums = _sums(grid.values)
        network = np.full(grid.values.shape[:2], np.nan, dtype=np.float32)
        counts = np.isfinite(grid.values).sum(axis=2)
        np.divide(np.nansum(grid.values, axis=2), counts, out=network, where=counts > 0)
        self._network = _sums(network[:, :, None])
        self._ahead = _sums(grid.ahead)

    def matrix(
        self, target: str, pairs: LeadPairs, *, is_seasonal: bool
    ) -> tuple[NDArray[np.float32], tuple[str, ...]]:
        """Features of pairs and their names.

        Parameters
        ----------
        target : str
            One of `TARGETS`.
        pairs : LeadPairs
        is_seasonal : bool
            With the day of the year among the features: only after 300 days of history.

        Returns
        -------
        matrix : array of float32, (n, len(names))
            NaN where not known.
        names : tuple of str
        """
        columns = self._recent(target, pairs) | self._state(pairs) | self._calendar(pairs, is_seasonal=is_seasonal)
        columns |= self._same_hour(target, pairs) | self._weather_ahead(pairs)
        return np.column_stack([column.astype(np.float32) for column in columns.values()]), tuple(columns)

    def observed(self, target: str, pairs: LeadPairs) -> NDArray[np.float64]:
        """Observed value of each pair; NaN where it is missing or after the data."""
        at = pairs.row + pairs.lead - 1
        inside = at < len(self.grid.hours)
        values = self.grid.target(target)[np.where(inside, at, 0), pairs.series]
        return np.where(inside, values, np.nan).astype(float)

    def last_valid_age_h(self, target: str, row: int) -> NDArray[np.float64]:
        """Hours from the last valid hour of each series to an origin, (series,); infinite without any."""
        known = np.isfinite(self.grid.target(target)[:row])
        newest = np.where(known, np.arange(row)[:, None], -1).max(axis=0, initial=-1)
        return np.where(newest >= 0, row - newest - 1.0, np.inf)

    def _recent(self, target: str, pairs: LeadPairs) -> dict[str, NDArray[np.float32]]:
        place, own = CODES.index(target), self.grid.target(target)
        found = {"last": self._mean(place, pairs, 1)}
        found |= {f"mean_{hours}h": self._mean(place, pairs, hours) for hours in (3, 6, 12, 24, 48, 72)}
        found |= {f"lag_{lag}h": _at(own, pairs.row - 1 - lag, pairs.series) for lag in _LAGS_H}
        window = np.stack([_at(own, pairs.row - 1 - lag, pairs.series) for lag in range(24)])
        known = np.isfinite(window).any(axis=0)
        for name, edge, function in (("maximum_24h", -np.inf, np.max), ("minimum_24h", np.inf, np.min)):
            extreme = function(np.where(np.isfinite(window), window, np.float32(edge)), axis=0)
            found[name] = np.where(known, extreme, np.nan)
        found["change_24h"] = found["mean_24h"] - self._mean(place, pairs, 24, back=24)
        flat = LeadPairs(np.zeros_like(pairs.series), pairs.row, pairs.lead, pairs.weather)
        for hours in (3, 24):
            found[f"network_{hours}h"] = _window(self._network, place, flat, hours)
        found["network_change_24h"] = found["network_24h"] - _window(self._network, place, flat, 24, back=24)
        return found

    def _state(self, pairs: LeadPairs) -> dict[str, NDArray[np.float32]]:
        found = {}
        for place, code in enumerate(CODES):
            found[f"{code}_3h"] = self._mean(place, pairs, 3)
            found[f"{code}_24h"] = self._mean(place, pairs, 24)
            if code in WEATHER:
                found[f"{code}_change_24h"] = found[f"{code}_3h"] - self._mean(place, pairs, 3, back=24)
        return found

    def _calendar(self, pairs: LeadPairs, *, is_seasonal: bool) -> dict[str, NDArray[np.float32]]:
        at = pairs.row + pairs.lead - 1
        angle = 2 * np.pi * self.grid.day_of_year[at] / 365.25
        season = {SEASONAL: np.sin(angle), "season_cos": np.cos(angle)} if is_seasonal else {}
        hours = {"lead_h": pairs.lead, "hour": self.grid.local_hour[at], "weekday": self.grid.weekday[at]}
        return {name: np.asarray(column, dtype=np.float32) for name, column in (hours | season).items()}

    def _same_hour(self, target: str, pairs: LeadPairs) -> dict[str, NDArray[np.float32]]:
        """The latest observed hour with the same hour of day, and the mean of the last days at that hour."""
        own = self.grid.target(target)
        newest = pairs.row + pairs.lead - 1 - 24 * -(-pairs.lead // 24)
        days = np.stack([_at(own, newest - 24 * back, pairs.series) for back in range(_USUAL_DAYS)])
        counts = np.isfinite(days).sum(axis=0)
        usual = np.divide(np.nansum(days, axis=0), counts, out=np.full(len(pairs), np.nan), where=counts > 0)
        return {"same_hour": days[0], "usual": usual.astype(np.float32)}

    def _weather_ahead(self, pairs: LeadPairs) -> dict[str, NDArray[np.float32]]:
        end = pairs.row + pairs.lead
        found = {}
        for place, code in enumerate(WEATHER):
            for hours in (3, 24):
                ends = LeadPairs(pairs.series, end, pairs.lead, pairs.weather)
                column = _window(self._ahead, place, ends, hours)
                found[f"ahead_{code}_{hours}h"] = np.where(pairs.weather, column, np.float32(np.nan))
        return found

    def _mean(self, place: int, pairs: LeadPairs, hours: int, back: int = 0) -> NDArray[np.float32]:
        return _window(self._sums, place, pairs, hours, back=back)


def weather_known(maker: FeatureMaker, row: int) -> NDArray[np.bool_]:
    """Whether the weather is known at the hours ahead of an origin, (series, LAST_LEAD_H): all of it that any series observes.

    Models learn with whole weather ahead or with none; intervals are calibrated on these two.
    """
    needed = weather_observed(maker.grid)
    known = np.isfinite(maker.grid.ahead[needed, row : row + LAST_LEAD_H])
    return np.asarray(known.all(axis=0) & bool(len(needed))).T


def weather_observed(grid: HourGrid) -> NDArray[np.int64]:
    """Positions in `WEATHER` of what any series observes."""
    return np.flatnonzero(np.isfinite(grid.values[len(TARGETS) :]).any(axis=(1, 2)))


def origin_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Features that depend on the origin alone and describe the present state: those that a range check looks at."""
    checked = {f"{code}_24h" for code in CODES} | {"last", "mean_24h", "mean_72h"}
    return tuple(name for name in names if name in checked)


def _sums(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums and counts of the valid hours before each row, one row more than hours."""
    known = np.isfinite(values)
    zero = np.zeros((values.shape[0], 1, values.shape[2]))
    total = np.concatenate([zero, np.cumsum(np.where(known, values, 0.0), axis=1, dtype=float)], axis=1)
    count = np.concatenate([zero.astype(np.int64), np.cumsum(known, axis=1, dtype=np.int64)], axis=1)
    return total, count


def _window(
    sums: tuple[NDArray[np.float64], NDArray[np.int64]], place: int, pairs: LeadPairs, hours: int, back: int = 0
) -> NDArray[np.float32]:
    """Mean of the hours that end before each row (``back`` hours earlier); NaN below half of them."""
    total, count = sums
    end = np.clip(pairs.row - back, 0, total.shape[1] - 1)
    begin = np.maximum(end - hours, 0)
    n = count[place, end, pairs.series] - count[place, begin, pairs.series]
    whole = total[place, end, pairs.series] - total[place, begin, pairs.series]
    mean = np.full(len(pairs), np.nan, dtype=np.float32)
    np.divide(whole, n, out=mean, where=2 * n >= hours, casting="unsafe")
    return mean


def _at(values: NDArray[np.float32], row: NDArray[np.int64], series: NDArray[np.int64]) -> NDArray[np.float32]:
    inside = (row >= 0) & (row < len(values))
    return np.where(inside, values[np.where(inside, row, 0), series], np.float32(np.nan))


def all_pairs(series: int, row: int, *, last_lead: int, weather: NDArray[np.bool_]) -> LeadPairs:
    """Every series and lead of one origin, series after series; ``weather`` (series, last_lead)."""
    lead = np.tile(np.arange(1, last_lead + 1), series)
    place = np.repeat(np.arange(series), last_lead)
    return LeadPairs(place, np.full(len(lead), row), lead, weather.ravel())


__all__ = [
    "LINEAR",
    "SEASONAL",
    "TARGETS",
    "FeatureMaker",
    "LeadPairs",
    "all_pairs",
    "origin_names",
    "weather_known",
    "weather_observed",
]
