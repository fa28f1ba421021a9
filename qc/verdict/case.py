"""Deviations of the channel of a case, of the station's other channels and of the neighbours. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.robust import robust_spread
from qc.verdict.channel import EXCESS, OWN, StationChannel, is_ratio, key
from qc.verdict.context import DAY_H, CaseContext
from qc.verdict.deviation import (
    BEFORE_H,
    ChosenHours,
    Deviation,
)
from qc.verdict.series import LEAST_AROUND, CaseSeries
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

DEPARTS, FOLLOWS = 4.0, 2.5
"""Robust standard deviations from which the station deviates, and from which another follows it [1]; project defaults.

The hours of the largest deviation are chosen, so that an ordinary day has some at 2.5: of 262 windows of simulated weeks
without an event, 107 deviated by that, 45 by 4."""
_APART = 0.6
"""Logarithm of the ratio to the neighbours from which a deviation is the station's own while they deviate too [1]."""
_LEAST_BEFORE = 12
"""Hours before the case that two channels need in common [1]."""
_SOME, _NEARLY_ALL = 0.4, 0.8
"""Parts of the neighbours that disturb their level, and that determine it [1]."""


class Case:
    """A case with the deviations of its channel, of the station's other channels and of the neighbours.

    Each is computed once, at the first piece of evidence that needs it.
    """

    def __init__(self, context: CaseContext) -> None:
        self.context = context
        self.series = CaseSeries(context)
        self.code = context.parameter
        self.hours = self.series.hours

    @cached_property
    def chosen(self) -> ChosenHours | None:
        """Hours of the largest deviation, from the neighbours where it deviates from them; None: not known."""
        if EXCESS + OWN in self.series.residuals.names:
            found = self.series.residuals.choose(EXCESS + OWN)
            local = None if found is None else self.series.residuals.deviations(found).get(EXCESS + OWN)
            if local is not None and abs(local.z_score) >= DEPARTS:
                return found
        return self.series.residuals.choose(OWN)

    @cached_property
    def _deviations(self) -> dict[str, Deviation]:
        return {} if self.chosen is None else self.series.residuals.deviations(self.chosen)

    @property
    def from_usual(self) -> Deviation | None:
        """Deviation of the channel from its usual level."""
        return self._deviations.get(OWN)

    @property
    def from_neighbours(self) -> Deviation | None:
        """Deviation of the channel from its neighbours; None where they are too few, or some of them deviated by themselves."""
        found = self._deviations.get(EXCESS + OWN)
        return None if found is None or self._is_level_disturbed(found) else found

    def _is_level_disturbed(self, local: Deviation) -> bool:
        """Whether the channel is at its usual level and some neighbours, not most, deviate: they cause the distance."""
        if self.from_usual is None or abs(self.from_usual.z_score) >= DEPARTS or abs(local.z_score) < DEPARTS:
            return False
        sign = float(np.sign(local.z_score))
        left = [item.z_score * sign <= -FOLLOWS for item in self.neighbours.values()]
        return _SOME * len(left) <= sum(left) < _NEARLY_ALL * len(left)

    @property
    def sign(self) -> float:
        """Sign of the deviation from the usual level, else from the neighbours; 0 where there is none, or not known."""
        for found in (self.from_usual, self.from_neighbours):
            if found is not None and abs(found.z_score) >= DEPARTS:
                return float(np.sign(found.z_score))
        return 0.0

    @property
    def is_level_unusual(self) -> bool:
        """Whether the level itself deviates, not only its distance from the neighbours."""
        return self.from_usual is not None and self.from_usual.z_score * self.sign >= DEPARTS

    @property
    def is_usual(self) -> bool:
        """Whether the channel is at its usual level, and at that of its neighbours."""
        return self.from_usual is not None and not self.sign

    @property
    def is_local(self) -> bool:
        """Whether the neighbours do not explain the deviation; True where there are too few of them."""
        if self.from_neighbours is None:
            return True
        least = (_APART if self.is_region_moving else _APART / 2) if is_ratio(self.code) else 0.0
        return self.from_neighbours.z_score * self.sign >= DEPARTS and self.from_neighbours.mean * self.sign >= least

    @cached_property
    def is_region_moving(self) -> bool:
        """Whether the neighbours deviate in the same way."""
        found = [item.z_score * self.sign for item in self.neighbours.values()]
        return len(found) >= LEAST_AROUND and float(np.median(found)) >= FOLLOWS

    def deviations(self, channels: Iterable[StationChannel]) -> dict[StationChannel, Deviation]:
        """Deviations of other channels of the station in the same hours; those not known are absent.

        Of a local deviation, against the neighbours where they are known. Where the whole region deviates, channels without known
        neighbours are left out.
        """
        if self.from_neighbours is None or not self.is_local:
            return self.raw_deviations(channels)
        found = {}
        for item in channels:
            raw, excess = self._deviations.get(key(item)), self._deviations.get(EXCESS + key(item))
            if excess is not None:
                found[item] = excess
            elif raw is not None and not self.is_region_moving:
                found[item] = raw
        return found

    def raw_deviations(self, channels: Iterable[StationChannel]) -> dict[StationChannel, Deviation]:
        """Deviations of other channels of the station from their usual levels."""
        return {item: found for item in channels if (found := self._deviations.get(key(item))) is not None}

    @cached_property
    def _sudden(self) -> dict[str, Deviation]:
        """Deviations in the same hours, counted from the hours right before the case."""
        return (
            {}
            if self.chosen is None
            else self.series.residuals.deviations(ChosenHours(self.chosen.rows, is_sudden=True))
        )

    @property
    def strength(self) -> float:
        """Deviation of the channel in the standard deviations that `deviations` uses for the others [1]."""
        found = self.from_neighbours if self.from_neighbours is not None and self.is_local else self.from_usual
        return 0.0 if found is None else abs(found.z_score)

    def follows(self, channel: StationChannel, deviation: Deviation) -> bool:
        """Whether another channel deviates with the case's: in the same hours and direction, and as suddenly where that is sudden."""
        if deviation.z_score * self.sign < FOLLOWS:
            return False
        own, other = self._sudden.get(OWN), self._sudden.get(key(channel))
        if own is None or other is None or own.z_score * self.sign < DEPARTS:
            return True
        return other.z_score * self.sign >= FOLLOWS / 2

    def factors(self, channels: Iterable[StationChannel]) -> tuple[Field, bool]:
        """Logarithms of the factors by which the case's channel and others changed, NaN where not known.

        And whether they are relative to the neighbours, which removes what the weather does to all stations alike.
        """
        keys = [OWN, *map(key, channels)]
        if self.from_neighbours is not None:
            against = [self._deviations.get(EXCESS + key) for key in keys]
            return np.array([np.nan if item is None else item.mean for item in against]), True
        usual = [self._deviations.get(key) for key in keys]
        found = [
            np.nan if item is None or min(item.usual, item.level) <= 0 else float(np.log(item.level / item.usual))
            for item in usual
        ]
        return np.array(found), False

    def distance_change(self, channel: StationChannel) -> tuple[float, float] | None:
        """Change of the distance to another channel in the chosen hours against the days before, and its usual scatter.

        None where not known.
        """
        if self.chosen is None or parameter(self.code).period:
            return None
        distance = self.series.distance(self.series.channels[channel])
        now, before = distance[self.chosen.rows], distance[:BEFORE_H]
        now, before = now[np.isfinite(now)], before[np.isfinite(before)]
        if not len(now) or len(before) < _LEAST_BEFORE:
            return None
        usual = float(np.median(before))
        return float(np.median(now)) - usual, robust_spread(before)

    def level_of(self, channel: StationChannel | None) -> float:
        """Mean of a channel, None the case's own, in the chosen hours; NaN where not known."""
        values = self.series.own_values if channel is None else self.series.channels[channel]
        inside = values[BEFORE_H:] if self.chosen is None else values[self.chosen.rows]
        return float(inside[np.isfinite(inside)].mean()) if np.isfinite(inside).any() else float("nan")

    @cached_property
    def neighbours(self) -> dict[str, Deviation]:
        """Deviations of the parameter at the neighbours in the same hours, by station id; those not known are absent."""
        if self.chosen is None:
            return {}
        found = self.series.around.deviations(self.chosen)
        return {name: found[name] for *_, name in self.series.near if name in found}

    @cached_property
    def is_tested(self) -> bool:
        """Whether the tests have run on the case's hours, so that no flag means that none was found."""
        if self.context.flags is None:
            return False
        starts = self.context.flags["start"]
        if len(starts) and bool(pd.DatetimeIndex(starts).floor("h").isin(self.hours).any()):
            return True
        return self.series.own is not None and bool(self.series.own.index.isin(self.hours).any())

    def share_flagged(self, tests: Iterable[str], flags: set[Flag]) -> tuple[float, float] | None:
        """Part of the case's hours with such a record, and of the day before; None where flags are not known."""
        if not self.is_tested or self.context.flags is None:
            return None
        found = self.context.flags
        if found.empty:
            return 0.0, 0.0
        chosen = found[found["test"].isin(set(tests)) & found["flag"].isin([int(item) for item in flags])]
        hours = pd.DatetimeIndex(chosen["start"].unique()).floor("h").unique()
        inside = int(hours.isin(self.hours).sum())
        day = (hours >= self.hours[0] - pd.Timedelta(hours=DAY_H)) & (hours < self.hours[0])
        return inside / len(self.hours), int(day.sum()) / DAY_H

    def tests_flagged(self, tests: Iterable[str]) -> list[str]:
        """Which of these tests flagged the case, in their order."""
        found = self.context.flags
        if found is None or found.empty:
            return []
        inside = pd.DatetimeIndex(found["start"]).floor("h").isin(self.hours)
        there = set(found["test"][inside & found["flag"].ne(int(Flag.PASS)).to_numpy()])
        return [name for name in tests if name in there]
