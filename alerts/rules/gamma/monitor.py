"""Gamma dose rates of a network, step by step: what rain explains, what is left, and whether it is an alarm.

The excess over the station's own dry baseline is explained by what neighbours show at the same time and by the rain of the own
gauge, by a fit on the station's own record. What is left is compared in standard deviations: a shower fades within an hour or two,
a release does not, so the lowest of several readings counts; in dry hours a single one may be enough. A rise that neighbours
share without rain is explained in part only, and no rain explains more than a limit.
"""

from __future__ import annotations

import math
from datetime import datetime  # noqa: TC003 - msgspec resolves annotations at run time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from alerts.rules.gamma.figure import GammaFigures
from alerts.rules.gamma.memory import Remembered, StationMemory, hours_between
from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

LEARN_ABOVE_NGY_H, LEARN_ABOVE_SPREADS = 2.0, 4.0
"""Predictors below this [nGy h⁻¹], or below so many standard deviations of dry readings [1], teach nothing about rain: fitted to the noise of dry
weeks, the neighbours would explain nothing of the next shower."""


class DoseSample(NamedTuple):
    """One reading, or one hourly mean: its start, dose rate [nGy h⁻¹] and rain [mm], None where not known."""

    station_id: str
    at: datetime
    dose_ngy_h: float
    rain_mm: float | None


class DoseState(NamedTuple):
    """Outcome for one sample.

    Attributes
    ----------
    baseline_ngy_h, explained_ngy_h, residual_ngy_h : float
        The dry baseline, what rain explains above it, and what is left.
    score, level : float
        The rule's statistic, and above which it is an alarm [1].
    is_wet : bool
        Whether any gauge of station and neighbours had rain lately.
    limit_ngy_h : float
        The dose rate above which this sample is an alarm [nGy h⁻¹].
    """

    station_id: str
    at: datetime
    baseline_ngy_h: float
    explained_ngy_h: float
    residual_ngy_h: float
    score: float
    level: float
    is_wet: bool
    limit_ngy_h: float = math.nan

    @property
    def is_alarm(self) -> bool:
        """Whether the score is above the level."""
        return self.score > self.level


class AlarmLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Alarm levels of one station, in dry and in wet hours [1]."""

    dry: float
    wet: float


class GammaMonitor:
    """Gamma dose rates of the stations of a network; its state is in ``memories`` and may be copied.

    Parameters
    ----------
    places : mapping of str to (float, float)
        Longitude and latitude of each station [deg].
    levels : mapping of str to AlarmLevel or None
        By station, from `fit_levels`; a station without one has the least level of its kind.
    """

    def __init__(
        self,
        places: Mapping[str, tuple[float, float]],
        figures: GammaFigures | None = None,
        levels: Mapping[str, AlarmLevel] | None = None,
    ) -> None:
        self.figures = figures or GammaFigures()
        self.levels = dict(levels or {})
        self.neighbours = nearest(places, self.figures.neighbours, self.figures.within_km)
        near = nearest(places, self.figures.near_count, self.figures.near_km)
        self._sparse = frozenset(item for item, found in near.items() if len(found) < self.figures.near_count)
        self.memories = {station_id: StationMemory() for station_id in places}

    def observe(self, samples: Sequence[DoseSample]) -> list[DoseState]:
        """Take the samples of one time step, of one station or of many, and return the state of each.

        Samples of a station must ascend in time. A sample that is not finite, or of a station that is not in the network, and one
        before the baseline is known, have no state. Samples of neighbours of the same step belong in one call.

        Examples
        --------
        >>> from datetime import UTC, datetime, timedelta
        >>> monitor = GammaMonitor({"a": (123.0, 41.0)})
        >>> start = datetime(2026, 7, 1, tzinfo=UTC)
        >>> for hour in range(48):
        ...     states = monitor.observe([DoseSample("a", start + timedelta(hours=hour), 60.0 + hour % 2, 0.0)])
        >>> states[0].is_alarm
        False
        >>> monitor.observe([DoseSample("a", start + timedelta(hours=48), 95.0, 0.0)])[0].is_alarm
        True
        """
        known = [item for item in samples if item.station_id in self.memories and math.isfinite(item.dose_ngy_h)]
        for item in known:
            self.take(item)
        return [state for item in known if (state := self.state_of(item)) is not None]

    def take(self, sample: DoseSample) -> None:
        """Take note of a finite sample of a station of the network; neighbours are compared with it from then on."""
        memory = self.memories[sample.station_id]
        memory.rain(sample.at, sample.rain_mm, self.figures)
        memory.dose(sample.at, sample.dose_ngy_h, self.figures)

    def state_of(self, sample: DoseSample) -> DoseState | None:
        """The state of the newest sample of its station, once after `take`; None before the baseline is known."""
        memory, figures = self.memories[sample.station_id], self.figures
        if math.isnan(memory.baseline) or math.isnan(memory.excess):
            return None
        near = self._neighbour_excess(sample)
        known = near[np.isfinite(near)]
        middle = float(np.median(known)) if known.size else 0.0
        predictors = np.concatenate([np.where(np.isfinite(near), near, middle), [middle, memory.deposit]])
        prior = np.concatenate([np.zeros(near.size), [1.0 if near.size else 0.0, 1.0]])
        explained = float(memory.coefficients(prior, figures.ridge) @ predictors)
        is_wet = self._is_wet(sample)
        residual = memory.excess - min(explained, self._most(memory, is_wet=is_wet))
        noise = self._noise(memory, known, max(explained, middle, 0.0), is_wet=is_wet)
        memory.window.append(Remembered(sample.at, residual / noise))
        score, level = self._score(memory, is_wet=is_wet), self._level(sample.station_id, memory, is_wet=is_wet)
        limit = memory.baseline + memory.excess - residual + noise * self._limit_sigmas(memory, level, is_wet=is_wet)
        if score > level:
            memory.forget_last()
        elif float(np.abs(predictors).max()) > max(LEARN_ABOVE_NGY_H, LEARN_ABOVE_SPREADS * memory.spread):
            memory.learn(predictors, memory.excess - explained, figures.forget)
        return DoseState(
            sample.station_id,
            sample.at,
            memory.baseline,
            memory.excess - residual,
            residual,
            score,
            level,
            is_wet,
            limit,
        )

    def _neighbour_excess(self, sample: DoseSample) -> NDArray[np.float64]:
        found = []
        for station_id in self.neighbours[sample.station_id]:
            memory = self.memories[station_id]
            is_new = (
                memory.seen_at is not None and hours_between(memory.seen_at, sample.at) <= self.figures.neighbour_age_h
            )
            found.append(memory.excess if is_new else math.nan)
        return np.array(found)

    def _is_wet(self, sample: DoseSample) -> bool:
        gauges = (sample.station_id, *self.neighbours[sample.station_id])
        rains = [moment for item in gauges if (moment := self.memories[item].rained_at) is not None]
        return any(hours_between(moment, sample.at) < self.figures.wet_h for moment in rains)

    def _most(self, memory: StationMemory, *, is_wet: bool) -> float:
        if not is_wet:
            return self.figures.dry_most_relative * memory.baseline
        return max(self.figures.most_relative * memory.baseline, self.figures.most_ngy_h)

    def _noise(self, memory: StationMemory, near: NDArray[np.float64], explained: float, *, is_wet: bool) -> float:
        figures = self.figures
        among = figures.neighbour_spread * float(near.std()) if near.size else 0.0
        floor = figures.wet_floor_ngy_h if is_wet else figures.dry_floor_ngy_h
        own = figures.deposit_noise * memory.deposit
        return math.hypot(memory.spread, among, own, figures.explained * explained, floor)

    def _score(self, memory: StationMemory, *, is_wet: bool) -> float:
        figures, (one, two, three) = self.figures, self._steps(is_wet=is_wet)
        last = memory.window[-1].at
        memory.window = [item for item in memory.window if hours_between(item.at, last) <= figures.window_h]
        lowest = memory.window[-1].sigmas
        score = lowest / one
        for item in reversed(memory.window):
            lowest = min(lowest, item.sigmas)
            span = hours_between(item.at, last)
            if span >= figures.two_h:
                score = max(score, lowest / two)
            if span >= figures.three_h:
                score = max(score, lowest / three)
        return score

    def _limit_sigmas(self, memory: StationMemory, level: float, *, is_wet: bool) -> float:
        """Residual of the last sample, in standard deviations, above which the score is above ``level``, given the samples before."""
        figures, (one, two, three) = self.figures, self._steps(is_wet=is_wet)
        last, limit, lowest = memory.window[-1].at, level * one, math.inf
        for item in reversed(memory.window[:-1]):
            lowest, span = min(lowest, item.sigmas), hours_between(item.at, last)
            for least_h, sigmas in ((figures.two_h, two), (figures.three_h, three)):
                if span >= least_h and lowest > level * sigmas:
                    limit = min(limit, level * sigmas)
        return limit

    def _steps(self, *, is_wet: bool) -> tuple[float, float, float]:
        figures = self.figures
        if is_wet:
            return figures.wet_one, figures.wet_two, figures.wet_three
        return figures.dry_one, figures.dry_two, figures.dry_three

    def _level(self, station_id: str, memory: StationMemory, *, is_wet: bool) -> float:
        level, least = self.levels.get(station_id), self._least_level(station_id, memory, is_wet=is_wet)
        if level is None:
            return least
        return max(least, level.wet if is_wet else level.dry)

    def _least_level(self, station_id: str, memory: StationMemory, *, is_wet: bool) -> float:
        figures, factor = self.figures, 1.0
        if station_id in self._sparse:
            factor = figures.sparse_wet if is_wet else figures.sparse_dry
        if is_wet:
            factor = max(factor, figures.least_baseline_ngy_h / memory.baseline)
        return figures.least_level * factor


def fit_levels(states: Iterable[DoseState], figures: GammaFigures) -> dict[str, AlarmLevel]:
    """Alarm levels by station: a margin above the highest score of a training record, dry and wet apart.

    Parameters
    ----------
    states : iterable of DoseState
        Of a record without releases, warm-up left out.
    """
    highest: dict[str, list[float]] = {}
    for state in states:
        pair = highest.setdefault(state.station_id, [0.0, 0.0])
        pair[state.is_wet] = max(pair[state.is_wet], state.score)
    return {
        station_id: AlarmLevel(
            dry=max(figures.least_level, figures.margin_dry * dry),
            wet=max(figures.least_level, figures.margin_wet * wet),
        )
        for station_id, (dry, wet) in highest.items()
    }


def nearest(places: Mapping[str, tuple[float, float]], count: int, within_km: float) -> dict[str, tuple[str, ...]]:
    """The ``count`` nearest other stations of each within a distance [km], nearest first."""
    found = {}
    for own, (lon, lat) in places.items():
        far = {item: float(great_circle_km(lon, lat, *place)) for item, place in places.items() if item != own}
        found[own] = tuple(sorted((item for item in far if far[item] <= within_km), key=lambda item: far[item])[:count])
    return found
