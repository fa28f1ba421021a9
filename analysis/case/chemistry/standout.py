"""Species that rose far more than what accumulated together: a second source within the event.

Poor ventilation raises all that is emitted near the ground by about one factor. Species stand out where their rise over that
factor is large, and improbable by earlier days: a family of VOC by the clearest of all families on each of them (which corrects for
the number of families), a single species by Student's distribution with Bonferroni's correction for the number of species.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy import stats

from analysis.case.case_hours import HOUR, mean_of, median_of
from analysis.case.channel import WEATHER
from analysis.case.chemistry.day_window import LEAST_DAYS, top_windows
from qc.robust import MAD_TO_SIGMA
from schemas.parameter import load_parameters
from schemas.parameter.type import VOC_GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours
    from analysis.case.channel import Channels

    Field = NDArray[np.float64]

NOT_EMITTED = frozenset(
    {"o3", "nitrate", "sulfate", "ammonium", "nitric_acid", "nitrous_acid", "nitrite", "pm25", "pm10", "pm1"}
)
"""Formed in the air, or sums: not compared with what accumulates."""
SUMS = frozenset({"total_hydrocarbons", "tnmhc", "tvoc"})
"""Sums of species: in no family."""
LEAST_FACTOR = 2.5
"""Times the common factor in the highest hours; project choice."""
FAMILY_CHANCE, SPECIES_CHANCE = 0.04, 0.01
"""Of any family, and of any species, by chance [1]; together 0.05."""
TOP_H = 3
"""Highest hours of the event that are compared with the highest of each earlier day [h]."""
_FREEDOM = 4.0
"""Degrees of freedom of Student's distribution of the logarithms; project choice: tails of real days are long."""
_LEAST_SPECIES, _LEAST_MEMBERS = 8, 2
_LEAST_SPREAD = 0.15


class StandOut(msgspec.Struct, frozen=True, kw_only=True):
    """Species that stand out.

    Attributes
    ----------
    common : float
        Median factor by which the species rose over their usual level [1].
    species : int
        Compared.
    names : tuple of str
        The largest rise first; ``factors`` [1] by which each rose in its highest three hours.
    chance : float
        Of as clear a rise without a second source, corrected for the number of looks [1].
    start, end : datetime
        UTC, half-open: from the first to the last hour in which the first one exceeds 2.5 times the common factor.
    peak, usual : float
        Of the first, canonical unit; highest hour, and median of the highest three hours of earlier days.
    wind : float or None
        Mean wind speed in these hours [m s⁻¹].
    hours, days : int
        Hours above, and earlier days.
    """

    common: float
    species: int
    names: tuple[str, ...]
    factors: tuple[float, ...]
    chance: float
    start: datetime
    end: datetime
    peak: float
    usual: float
    wind: float | None
    hours: int
    days: int


@dataclass(frozen=True, slots=True)
class _Rises:
    """Rises of species in their highest hours, logarithms.

    Attributes
    ----------
    names : tuple of str
    rows, logs : array, (species, hour)
        Values, and logarithms of values with their offset.
    usual, rise : array, (species,)
        Median of earlier days, and the event's distance from it.
    common : float
        Median rise.
    z, past_z : array, (species,) and (species, day)
        Rise over the common one in robust standard deviations, of the event and of earlier days.
    """

    names: tuple[str, ...]
    rows: Field
    logs: Field
    offset: Field
    usual: Field
    rise: Field
    common: float
    z: Field
    past_z: Field


def stand_out(case_hours: CaseHours, channels: Channels) -> StandOut | None:
    """Find species that stand out; None where there is none, or fewer than eight species or ten earlier days."""
    rises = _rises(case_hours, channels)
    if rises is None:
        return None
    is_large = rises.rise - max(rises.common, 0.0) >= np.log(LEAST_FACTOR)
    chance = np.minimum(stats.t.sf(rises.z, _FREEDOM) * len(rises.names), 1.0)
    found = np.flatnonzero(is_large & (chance < SPECIES_CHANCE))
    family, family_chance = _clearest_family(rises)
    if family_chance <= FAMILY_CHANCE:
        found = np.union1d(found, family[is_large[family]])
    found = found[np.argsort(-rises.rise[found], kind="stable")]
    least = min([family_chance, *chance[found]]) if len(found) else 1.0
    return _described(case_hours, rises, found, float(least))


def _rises(case_hours: CaseHours, channels: Channels) -> _Rises | None:
    keep = [k for k, name in enumerate(channels.names) if name not in NOT_EMITTED | WEATHER]
    if len(keep) < _LEAST_SPECIES:
        return None
    offset = np.maximum(channels.offset[keep], 1e-9)
    logs = np.log(np.maximum(channels.value[keep, 0], 0.0) + offset[:, None])
    event, days = top_windows(case_hours, logs, TOP_H)
    good = np.isfinite(event) & (np.isfinite(days).sum(axis=1) >= LEAST_DAYS)
    if good.sum() < _LEAST_SPECIES:
        return None
    usual = median_of(days[good])
    rise, past = event[good] - usual, days[good] - usual[:, None]
    common = float(np.median(rise))
    past = past - median_of(past.T)[None, :]
    spread = np.maximum(MAD_TO_SIGMA * median_of(np.abs(past - median_of(past)[:, None])), _LEAST_SPREAD)
    index = [k for k, is_good in zip(keep, good, strict=True) if is_good]
    return _Rises(
        names=tuple(channels.names[k] for k in index),
        rows=channels.value[index, 0],
        logs=logs[good],
        offset=offset[good],
        usual=usual,
        rise=rise,
        common=common,
        z=(rise - common) / spread,
        past_z=past / spread[:, None],
    )


def _clearest_family(rises: _Rises) -> tuple[NDArray[np.intp], float]:
    """Members of the family of VOC that rose most clearly, and the part of days, this one included, with as clear a family."""
    registry = load_parameters()
    groups = np.array([str(registry[name].group) for name in rises.names])
    is_sum = np.array([name in SUMS for name in rises.names])
    families = [np.flatnonzero((groups == str(group)) & ~is_sum) for group in sorted(VOC_GROUPS)]
    families = [item for item in families if len(item) >= _LEAST_MEMBERS]
    if not families:
        return np.array([], dtype=np.intp), 1.0
    event = np.array([rises.z[item].mean() for item in families])
    past = np.array([mean_of(rises.past_z[item].T) for item in families])
    known = np.isfinite(past).any(axis=0)
    most = np.where(np.isfinite(past), past, -np.inf).max(axis=0)[known]
    best = int(np.argmax(event))
    return families[best], float((1 + (most >= event[best]).sum()) / (1 + len(most)))


def _described(case_hours: CaseHours, rises: _Rises, found: NDArray[np.intp], chance: float) -> StandOut | None:
    """Hours and heights of the species that stand out; None where there is none."""
    if not len(found):
        return None
    first = int(found[0])
    limit = rises.usual[first] + max(rises.common, 0.0) + np.log(LEAST_FACTOR)
    hours = np.flatnonzero(case_hours.inside & (rises.logs[first] > limit))
    if not len(hours):
        return None
    speed = case_hours.row(case_hours.station_ids[0], "wind_speed")[hours]
    return StandOut(
        common=float(np.exp(rises.common)),
        species=len(rises.names),
        names=tuple(rises.names[k] for k in found),
        factors=tuple(float(np.exp(rises.rise[k])) for k in found),
        chance=chance,
        start=case_hours.hours[hours[0]].to_pydatetime(),
        end=(case_hours.hours[hours[-1]] + HOUR).to_pydatetime(),
        peak=float(np.nanmax(rises.rows[first, case_hours.inside])),
        usual=float(np.exp(rises.usual[first]) - rises.offset[first]),
        wind=float(mean_of(speed)) if np.isfinite(speed).any() else None,
        hours=len(hours),
        days=int(np.isfinite(rises.past_z[first]).sum()),
    )
