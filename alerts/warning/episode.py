"""Warning episodes: from the AQI of every 24 hours to levels, and to what is issued, raised, lowered and released. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alerts.warning.scheme import WarningLevel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from alerts.warning.scheme import LevelCondition, WarningRules

DAY_H = 24
HOUR = timedelta(hours=1)

Ranks = "NDArray[np.int8]"


class WarningAct(StrEnum):
    """What happens to a warning."""

    ISSUE = "issue"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningStep:
    """One act: what the warning is from ``at`` on."""

    act: WarningAct
    level: WarningLevel
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningEpisode:
    """One warning.

    Attributes
    ----------
    start, end : datetime
        First hour that fulfils a condition, and the end of the last; UTC, half-open.
    level : WarningLevel
        Strictest of the episode.
    steps : tuple of WarningStep
        Ascending. Without RELEASE the data do not reach far enough beyond the end to release it.
    peak_aqi : float
        Largest AQI of 24 h [1].
    """

    start: datetime
    end: datetime
    level: WarningLevel
    steps: tuple[WarningStep, ...]
    peak_aqi: float

    @property
    def is_released(self) -> bool:
        """Whether the release condition is fulfilled."""
        return self.steps[-1].act is WarningAct.RELEASE

    def level_at(self, moment: datetime) -> WarningLevel:
        """Level in force at a moment."""
        before = [item.level for item in self.steps if item.at <= moment]
        return before[-1] if before else WarningLevel.NONE

    def level_from(self, moment: datetime) -> WarningLevel:
        """Strictest level in force at a moment or later; that which is over by then does not count."""
        later = [item.level for item in self.steps if item.at > moment]
        return max([self.level_at(moment), *later], key=lambda item: item.rank)


def find_warnings(aqi: pd.Series, rules: WarningRules, zone: ZoneInfo) -> tuple[WarningEpisode, ...]:
    """Warning episodes of a city.

    An hour has the strictest level of which it is part of the time that fulfils a condition. Episodes with a gap shorter than
    ``join_gap_h`` are one, and keep the level before the gap through it. A level falls within an episode as soon as the hours fulfil only a lower one.

    Parameters
    ----------
    aqi : Series of float, index UTC hour starts, gapless
        AQI of the 24 h that end with each hour, as `alerts.warning.index.day_index` gives it; NaN fulfils nothing.
    rules : WarningRules
    zone : ZoneInfo
        Of the civil day of an hour, which decides the scheme.

    Returns
    -------
    tuple of WarningEpisode
        Ascending.

    References
    ----------
    ``warning_levels.toml``: conditions by scheme with source and status; release and joining of episodes are of a single source.
    """
    values = aqi.to_numpy(dtype=float)
    if not values.size:
        return ()
    ranks = level_ranks(values, _conditions_by_hour(pd.DatetimeIndex(aqi.index), rules, zone))
    groups = _joined(_runs(ranks > 0), rules.release.join_gap_h)
    return tuple(_episode(aqi, ranks, first, last, rules) for first, last in groups)


def level_ranks(
    values: NDArray[np.float64], conditions: Sequence[tuple[NDArray[np.bool_], LevelCondition]]
) -> NDArray[np.int8]:
    """Rank of the strictest level of each hour, 0 without one.

    Parameters
    ----------
    values : array of float
        AQI of the 24 h that end with each hour [1]; hours before the first belong to its 24 h, but are not in the array.
    conditions : sequence of (array of bool, LevelCondition)
        At which hours each is in force.
    """
    ranks = np.zeros(values.size, dtype=np.int8)
    for in_force, condition in conditions:
        length = condition.days * DAY_H
        for end in np.flatnonzero(_holds(values, condition) & in_force):
            first = max(0, end - length + 1)
            ranks[first : end + 1] = np.maximum(ranks[first : end + 1], condition.level.rank)
    return ranks


def _holds(values: NDArray[np.float64], condition: LevelCondition) -> NDArray[np.bool_]:
    """Whether the condition is fulfilled by the days that end with each hour."""
    found = _consecutive(values > condition.above, condition.days)
    if condition.and_days:
        second = _consecutive(values > condition.and_above, condition.and_days)
        slack = (condition.days - condition.and_days) * DAY_H  # where the second part may end before the last hour
        found &= pd.Series(second).rolling(slack + 1, min_periods=1).max().to_numpy() > 0
    return found


def _consecutive(above: NDArray[np.bool_], days: int) -> NDArray[np.bool_]:
    """Whether the 24 h that end with an hour, and those before them, are all above."""
    found = above.copy()
    for day in range(1, days):
        shifted = np.zeros_like(above)
        shifted[day * DAY_H :] = above[: -day * DAY_H]
        found &= shifted
    return found


def _conditions_by_hour(
    index: pd.DatetimeIndex, rules: WarningRules, zone: ZoneInfo
) -> list[tuple[NDArray[np.bool_], LevelCondition]]:
    names = np.array([scheme.name if (scheme := rules.on(day)) else "" for day in index.tz_convert(zone).date])
    return [(names == scheme.name, item) for scheme in rules.scheme for item in scheme.condition]


def _runs(inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _joined(runs: list[tuple[int, int]], gap_h: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in runs:
        if found and first - found[-1][1] < gap_h:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _episode(aqi: pd.Series, ranks: NDArray[np.int8], first: int, last: int, rules: WarningRules) -> WarningEpisode:
    starts, levels = [item.to_pydatetime() for item in pd.DatetimeIndex(aqi.index)], list(WarningLevel)
    inside = ranks[first:last]
    held = pd.Series(inside).where(inside > 0).ffill().astype(int).to_numpy()  # a gap that joins keeps its level
    steps, before = [], 0
    for number, rank in enumerate(held.tolist()):
        if rank != before:
            act = WarningAct.ISSUE if not before else WarningAct.UPGRADE if rank > before else WarningAct.DOWNGRADE
            steps.append(WarningStep(act=act, level=levels[rank], at=starts[first + number]))
            before = rank
    end = starts[last - 1] + HOUR
    after = aqi.to_numpy(dtype=float)[last : last + rules.release.below_h]
    if after.size >= rules.release.below_h and not np.isnan(after).all():
        steps.append(WarningStep(act=WarningAct.RELEASE, level=WarningLevel.NONE, at=end))
    peak = float(np.nanmax(aqi.to_numpy(dtype=float)[first:last]))
    return WarningEpisode(
        start=starts[first], end=end, level=levels[int(inside.max())], steps=tuple(steps), peak_aqi=peak
    )
