"""Hours of a place as the box model takes them: ppb, VOC in lumps, short gaps filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.chemistry.components import minimum_ratio
from analysis.chemistry.photochemical_age import XYLENE
from analysis.chemistry.reactivity import MOLECULES_CM3_PER_PPB, voc_parameters
from analysis.coanalysis.cocontrol.prior import USUAL_REACTIVITY, WHOLE_FROM
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

VOC_PRECURSORS = {"alkene": "alkene", "aromatic": "aromatic", "alkane": "alkane", "ovoc": "ovoc"}
"""Precursor by class of VOC of the registry; isoprene is counted as of plants and never cut."""
FEWEST_DAYS = 5
SHORTEST_COVERAGE = 0.3
"""A parameter with values in a smaller part of the hours counts as not measured [1]."""
LUMP_EDGES = (7e-12, 2e-11)
"""kOH [cm³ s⁻¹] between the lumps of a group."""
_GASES = ("no", "no2", "o3", "co", "so2", "ammonia")
_PARTICLES = ("sulfate", "nitrate", "ammonium", "oc", "ec", "pm25")
_WEATHER = ("temperature", "relative_humidity", "global_radiation", "wind_speed", "boundary_layer_height")
_LONGEST_BRIDGE_H = 6
_CARBONYLS = ("formaldehyde", "acetaldehyde")
_MASS_BY_CARBON = 1.7


class CoControlError(ValueError):
    """Hours that do not carry a ranking; the message names what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lump:
    """Species of one group with like rate constants.

    ``ppb`` is an hourly series, ``k_oh`` [ppb⁻¹ s⁻¹], ``ug_per_ppb`` [µg m⁻³ ppb⁻¹], all weighted by the mean mixing ratio.
    """

    group: str
    ppb: Array
    k_oh: float
    ug_per_ppb: float
    species: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPair:
    """Two species with the same sources, removed by OH at different rates: hourly [ppb], rate constants [ppb⁻¹ s⁻¹]."""

    fast_ppb: Array
    slow_ppb: Array
    fast_k_oh: float
    slow_k_oh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """Complete hours from the first civil midnight to the last.

    Attributes
    ----------
    start : pd.DatetimeIndex
        UTC, every hour.
    hour : array
        Local hour of the day.
    series : dict of str to array
        Gases [ppb], particles [µg m⁻³], weather in units of the registry, carbonyls [ppb]; without gaps.
    lumps : tuple of Lump
    coverage : dict of str to float
        Part of the hours with a valid value, by parameter asked for [1].
    without_koh : tuple of str
        VOC measured but without a rate constant: left out.
    soa : array or None
        Secondary organic aerosol [µg m⁻³] by the minimum ratio of OC and EC; None without them.
    clock : ClockPair or None
        m,p-Xylene and ethylbenzene, where both were measured.
    listed : dict of str to float
        Part of the usual reactivity of a group that its measured species make up, where it is below `WHOLE_FROM` [1].
    """

    start: pd.DatetimeIndex
    hour: Array
    series: dict[str, Array]
    lumps: tuple[Lump, ...]
    coverage: dict[str, float]
    without_koh: tuple[str, ...]
    soa: Array | None
    clock: ClockPair | None = None
    listed: dict[str, float] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """Civil days."""
        return len(self.start) // 24

    def between(self, first: int, last: int) -> NDArray[np.bool_]:
        """Hours whose local hour is in ``[first, last)``; over midnight where ``last`` is smaller."""
        later, earlier = self.hour >= first, self.hour < last
        return later & earlier if first < last else later | earlier

    @property
    def missing_groups(self) -> tuple[str, ...]:
        """Groups of VOC of which no species was measured; acetaldehyde and formaldehyde do not count as one."""
        there = {item.group for item in self.lumps}
        return tuple(group for group in VOC_PRECURSORS.values() if group not in there)

    def has(self, code: str) -> bool:
        """Whether the parameter was measured."""
        return code in self.series


def model_input(hourly: pd.DataFrame, zone: ZoneInfo) -> ModelInput:
    """Hours for the box model.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly; hours of FAIL or MISSING are not used. NO2 and O3 are needed, all else improves the ranking.
    zone : ZoneInfo
        Of the civil day.

    Raises
    ------
    CoControlError
        Fewer than 5 civil days, or NO2, O3 or temperature with values in less than 30 % of the hours.
    schemas.frames.FrameError
        For an index that is not ascending, unique and UTC.
    """
    check_time_index(hourly)
    grid = _whole_days(pd.DatetimeIndex(hourly.index), zone)
    known = set(parameters_in(hourly))
    hour: Array = np.asarray(grid.tz_convert(zone).hour, dtype=np.float64)
    series: dict[str, Array] = {}
    coverage: dict[str, float] = {}
    for code in (*_GASES, *_PARTICLES, *_WEATHER, *_CARBONYLS):
        values = valid_values(hourly, code).reindex(grid) if code in known else pd.Series(np.nan, index=grid)
        coverage[code] = float(values.notna().mean())
        if coverage[code] >= SHORTEST_COVERAGE:
            gas = code in {*_GASES, *_CARBONYLS}
            filled = fill(np.asarray(values.to_numpy(), dtype=np.float64), hour)
            series[code] = np.maximum(filled / conversion("ppb", parameter(code))[0], 0.01) if gas else filled
    for code in ("no2", "o3"):
        if code not in series:
            msg = f"{code}: valid in {coverage[code]:.0%} of the hours, a ranking needs {SHORTEST_COVERAGE:.0%}"
            raise CoControlError(msg)
    lumps, without = _lumps(hourly, grid, hour, coverage)
    return ModelInput(
        start=grid,
        hour=hour,
        series=series,
        lumps=lumps,
        coverage=coverage,
        without_koh=without,
        soa=_soa(hourly, grid, hour),
        clock=_clock_pair(hourly, grid, hour, coverage),
        listed=_listed(lumps),
    )


def fill(values: Array, hour: Array) -> Array:
    """Gaps up to 6 h by a line, longer ones by the mean of the hour of the day (of all hours where that hour has none).

    Examples
    --------
    >>> import numpy as np
    >>> fill(np.array([1.0, np.nan, 3.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    series = pd.Series(values)
    by_hour = series.groupby(hour).transform("mean").fillna(series.mean())
    hole = series.isna()
    length = hole.groupby((~hole).cumsum()).transform("sum")
    bridged = series.interpolate(limit_area="inside")
    filled = series.where(~hole, bridged.where(length <= _LONGEST_BRIDGE_H, by_hour)).fillna(by_hour)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _whole_days(index: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    if index.empty:
        msg = "no hours"
        raise CoControlError(msg)
    local = index.tz_convert(zone)
    first, last = local[0].normalize(), local[-1].normalize() + pd.Timedelta(days=1)
    grid = pd.date_range(first, last, freq="h", inclusive="left").tz_convert("UTC")
    grid = grid[: len(grid) // 24 * 24]
    if len(grid) < FEWEST_DAYS * 24:
        msg = f"{len(grid) // 24} civil days from {first:%Y-%m-%d}, a ranking needs {FEWEST_DAYS}"
        raise CoControlError(msg)
    return grid


def _listed(lumps: tuple[Lump, ...]) -> dict[str, float]:
    found = {}
    for group, usual in USUAL_REACTIVITY.items():
        there = {name for item in lumps if item.group == group for name in item.species}
        part = sum(share for name, share in usual.items() if name in there) / sum(usual.values())
        if there and part < WHOLE_FROM:
            # no more than tenfold: what is not known of the rest is in the spread
            found[group] = max(part, 0.1)
    return found


def _clock_pair(
    hourly: pd.DataFrame, grid: pd.DatetimeIndex, hour: Array, coverage: dict[str, float]
) -> ClockPair | None:
    names = (XYLENE.fast, XYLENE.slow)
    if any(coverage.get(name, 0.0) < SHORTEST_COVERAGE for name in names):
        return None
    levels, constants = [], []
    for item in map(parameter, names):
        if item.koh_cm3_s is None:
            return None
        values = valid_values(hourly, item.parameter).reindex(grid)
        levels.append(fill(np.asarray(values.to_numpy(), dtype=np.float64), hour) / conversion("ppb", item)[0])
        constants.append(item.koh_cm3_s * MOLECULES_CM3_PER_PPB)
    return ClockPair(fast_ppb=levels[0], slow_ppb=levels[1], fast_k_oh=constants[0], slow_k_oh=constants[1])


def _lumps(
    hourly: pd.DataFrame, grid: pd.DatetimeIndex, hour: Array, coverage: dict[str, float]
) -> tuple[tuple[Lump, ...], tuple[str, ...]]:
    bins: dict[tuple[str, int], list[tuple[str, Array, float, float]]] = {}
    without: list[str] = []
    for item in voc_parameters(parameters_in(hourly)):
        group = "isoprene" if item.parameter == "isoprene" else VOC_PRECURSORS.get(str(item.group), "")
        if item.parameter in _CARBONYLS or not group:
            continue
        values = valid_values(hourly, item.parameter).reindex(grid)
        coverage[item.parameter] = float(values.notna().mean())
        if coverage[item.parameter] < SHORTEST_COVERAGE:
            continue
        if item.koh_cm3_s is None:
            without.append(item.parameter)
            continue
        per_ppb = conversion("ppb", item)[0]
        ppb = np.maximum(fill(np.asarray(values.to_numpy(), dtype=np.float64), hour) / per_ppb, 1e-4)
        step = sum(item.koh_cm3_s > edge for edge in LUMP_EDGES)
        bins.setdefault((group, step), []).append(
            (item.parameter, ppb, item.koh_cm3_s * MOLECULES_CM3_PER_PPB, per_ppb)
        )
    return tuple(_lump(group, members) for (group, _), members in sorted(bins.items())), tuple(without)


def _lump(group: str, members: list[tuple[str, Array, float, float]]) -> Lump:
    weight = np.array([ppb.mean() for _, ppb, _, _ in members])
    return Lump(
        group=group,
        ppb=np.sum([ppb for _, ppb, _, _ in members], axis=0),
        k_oh=float(np.average([k for _, _, k, _ in members], weights=weight)),
        ug_per_ppb=float(np.average([mass for _, _, _, mass in members], weights=weight)),
        species=tuple(code for code, *_ in members),
    )


def _soa(hourly: pd.DataFrame, grid: pd.DatetimeIndex, hour: Array) -> Array | None:
    """Secondary organic mass: OC less the primary part (10th percentile of OC/EC), times 1.7."""
    if not {"oc", "ec"} <= set(parameters_in(hourly)):
        return None
    oc, ec = (valid_values(hourly, code).reindex(grid) for code in ("oc", "ec"))
    found = minimum_ratio(oc, ec)
    if found.primary_ratio is None:
        return None
    secondary = (oc - found.primary_ratio * ec) * _MASS_BY_CARBON
    return (
        fill(np.asarray(secondary.to_numpy(), dtype=np.float64), hour)
        if secondary.notna().mean() >= SHORTEST_COVERAGE
        else None
    )
