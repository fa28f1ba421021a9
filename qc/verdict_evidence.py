"""The pieces of evidence of a verdict: each looks at one thing and says event, fault, or nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from qc.departure import Departure, course, departure_of, hours_in
from qc.spatial import Places
from qc.verdict_wording import EVIDENCE
from qc.wording import figure
from schemas.flag import Flag
from schemas.frames import COUNT, FLAG, parameters_in, valid_values
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schemas.interval import Interval
    from schemas.network import Station

RADIUS_KM = 130.0
"""Stations that count as neighbours [km]; project default for cities 60 to 100 km apart."""
DEPARTS, FOLLOWS = 2.5, 2.5
"""Robust standard deviations from which the station departs, and from which another goes with it [1]; project defaults."""
_RAIN_BEFORE = pd.Timedelta(hours=3)
_DRIFT_H = 18
_LAG_H = 6
RELATED: dict[str, tuple[str, ...]] = {
    "pm25": ("pm10", "so2", "co", "no2"),
    "pm10": ("pm25", "so2", "co", "no2"),
    "so2": ("no2", "co", "pm25", "pm10"),
    "no2": ("no", "co", "pm25", "so2"),
    "no": ("no2", "co"),
    "co": ("no2", "pm25", "co2", "ch4"),
    "co2": ("ch4", "co"),
    "ch4": ("co2", "co"),
    "n2o": ("ch4", "co2"),
    "o3": (),  # it is made in the air: nothing at the station has to rise with it
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known around a case.

    Attributes
    ----------
    interval : Interval
        The case.
    hours : mapping of str to DataFrame
        `schemas.frames` hourly of the parameter's network by station, from at least a day before the case.
    stations : sequence of Station
        Of that network.
    met : mapping of str to DataFrame
        Hours of the network ``met`` by station; empty: nothing is said of the weather.
    met_stations : sequence of Station
    flags : DataFrame or None
        `schemas.frames` flags of the station and parameter in the case, native and hourly; None: not known.
    native : DataFrame or None
        Readings of the instrument in the case.
    cadence_s : int
        Of these [s].
    """

    station: Station
    parameter: str
    interval: Interval
    hours: Mapping[str, pd.DataFrame]
    stations: Sequence[Station]
    met: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    met_stations: Sequence[Station] = ()
    flags: pd.DataFrame | None = None
    native: pd.DataFrame | None = None
    cadence_s: int = 3600


@dataclass(frozen=True, slots=True)
class Finding:
    """What one piece of evidence says; ``is_event`` None: nothing."""

    name: str
    is_event: bool | None = None
    figures: Mapping[str, str] = field(default_factory=dict)


def gather(scene: Scene) -> list[Finding]:
    """All pieces of evidence, in the order of `qc.verdict_wording.EVIDENCE`."""
    own = scene.hours.get(scene.station.id)
    moved = None if own is None else departure_of(own, scene.parameter, scene.interval)
    context = _Context(scene, own, moved)
    if any(MAKERS[name](context).is_event is False for name in ("flat", "clock")):
        # values that stand still, or stand at wrong times, depart by chance: who goes with them says nothing
        context = replace(context, moved=None)
    return [MAKERS[name](context) for name in EVIDENCE]


@dataclass(frozen=True, slots=True)
class _Context:
    scene: Scene
    own: pd.DataFrame | None
    moved: Departure | None

    @property
    def sign(self) -> float:
        """Which way the station departs; 0 where it does not, or not known."""
        if self.moved is None or abs(self.moved.deviations) < DEPARTS:
            return 0.0
        return float(np.sign(self.moved.deviations))

    def hours_flagged(self, tests: set[str], flags: set[Flag]) -> float | None:
        """Part of the case's hours with such a record; None where flags are not known."""
        if self.scene.flags is None:
            return None
        found = self.scene.flags
        total = max(1.0, self.scene.interval.duration / pd.Timedelta(hours=1))
        if found.empty:
            return 0.0
        chosen = found[found["test"].isin(tests) & found["flag"].isin([int(item) for item in flags])]
        return float(chosen["start"].dt.floor("h").nunique() / total)

    def neighbours(self) -> list[tuple[float, float, str]]:
        """Distance [km], bearing towards it [deg] and id of the other stations around with hours."""
        everyone = [self.scene.station, *(item for item in self.scene.stations if item.id != self.scene.station.id)]
        places = Places.of(everyone)
        distance = places.distance_km()[0]
        east = np.radians(places.lon - places.lon[0]) * np.cos(np.radians(places.lat[0]))
        bearing = np.degrees(np.arctan2(east, np.radians(places.lat - places.lat[0]))) % 360
        return sorted(
            (float(distance[at]), float(bearing[at]), item.id)
            for at, item in enumerate(everyone)
            if at and distance[at] <= RADIUS_KM and item.id in self.scene.hours
        )


def _status(context: _Context) -> Finding:
    share = context.hours_flagged({"status"}, {Flag.FAIL, Flag.SUSPECT})
    if share is None:
        return Finding("status")
    return Finding("status", share < 0.5, {"share": _percent(share)})  # noqa: PLR2004 - most of the case


def _calibration(context: _Context) -> Finding:
    share = context.hours_flagged({"calibration", "target_gas"}, {Flag.FAIL, Flag.SUSPECT})
    return Finding("calibration", False if share else None)


def _flat(context: _Context) -> Finding:
    flagged = context.hours_flagged({"flat_line", "hourly_flat"}, {Flag.SUSPECT})
    share = max(flagged or 0.0, _still(context))
    if share >= 0.3:  # noqa: PLR2004 - a test needs some hours before it can say so
        return Finding("flat", is_event=False, figures={"share": _percent(share)})
    if context.moved is None or flagged is None:
        return Finding("flat")
    return Finding("flat", is_event=True)


def _still(context: _Context) -> float:
    """Part of the case's hours in which several native readings are all the same."""
    native, code = context.scene.native, context.scene.parameter
    if native is None or code not in native or native[code].notna().sum() < 3:  # noqa: PLR2004
        return 0.0
    values = native[code].dropna()
    if context.scene.cadence_s > 1200:  # noqa: PLR2004 - fewer than three readings an hour
        return float((values == values.iloc[0]).all()) if len(values) >= 4 else 0.0  # noqa: PLR2004
    groups = values.groupby(values.index.floor("h"))  # type: ignore[attr-defined]
    still = (groups.max() == groups.min()) & (groups.count() >= 3) & (groups.max() != 0)  # noqa: PLR2004
    return float(still.mean())


def _spike(context: _Context) -> Finding:
    flags = context.scene.flags
    if flags is None:
        return Finding("spike")
    count = 0 if flags.empty else int(flags["test"].isin(["spike", "rate_of_change", "hourly_spike"]).sum())
    if 0 < count <= 4:  # noqa: PLR2004 - one jump up and one down, told by two tests
        return Finding("spike", is_event=False, figures={"count": str(count)})
    return Finding("spike", is_event=True if context.sign else None)


def _gap(context: _Context) -> Finding:
    own = context.own
    hours = hours_in(context.scene.interval)
    there = 0 if own is None or context.scene.parameter not in own else _present(own, context.scene.parameter, hours)
    missing = 1 - there / len(hours)
    near = context.neighbours()
    others = [_present(context.scene.hours[name], context.scene.parameter, hours) > len(hours) / 2 for *_, name in near]
    if missing < 0.5 or not any(others):  # noqa: PLR2004 - most of the case
        return Finding("gap")
    figures = {"share": _percent(missing), "others": str(sum(others)), "count": str(len(near))}
    return Finding("gap", is_event=False, figures=figures)


def _present(frame: pd.DataFrame, code: str, hours: pd.DatetimeIndex) -> int:
    if code not in frame:
        return 0
    inside = frame[frame.index.isin(hours)]
    counted = inside[code + COUNT] > 0 if code + COUNT in inside else inside[code].notna()
    # An hour of which more than half is missing is as good as missing.
    failed = inside[code + FLAG].isin([int(Flag.FAIL), int(Flag.MISSING)]) if code + FLAG in inside else ~counted
    return int((counted & ~failed).sum())


def _clock(context: _Context) -> Finding:
    native = context.scene.native
    if native is None or len(native) < 3:  # noqa: PLR2004
        return Finding("clock")
    seconds = pd.DatetimeIndex(native.index).as_unit("s").asi8 % context.scene.cadence_s
    usual = np.bincount(seconds).argmax()
    share = float((seconds != usual).mean())
    # a quarter of the readings: an instrument with a step of its own has another usual phase, not several
    steps = np.diff(pd.DatetimeIndex(native.index).as_unit("s").asi8)
    is_irregular = float((steps == context.scene.cadence_s).mean()) < 0.5  # noqa: PLR2004
    if is_irregular or (share < 0.02 and usual == 0):  # noqa: PLR2004
        return Finding("clock")
    share = share if share >= 0.02 else 1.0  # noqa: PLR2004 - all of them, since the whole case is off
    return Finding("clock", is_event=False, figures={"share": _percent(share)})


def _drift(context: _Context) -> Finding:
    if context.own is None:
        return Finding("drift")
    hours = hours_in(context.scene.interval)
    level = _neighbour_level(context, hours)
    own = valid_values(context.own, context.scene.parameter).reindex(hours)
    both = own.notna() & level.notna() & (level > 0)
    if both.sum() < _DRIFT_H:
        return Finding("drift")
    ratio = (own[both] / level[both]).rolling(12, min_periods=4, center=True).median().to_numpy()
    if np.nanstd(ratio) == 0:
        return Finding("drift")
    correlation = float(spearmanr(np.arange(len(ratio)), ratio).statistic)
    change = float(np.nanmedian(ratio[-8:]) / max(np.nanmedian(ratio[:8]), 1e-9) - 1)
    if abs(correlation) < 0.75 or abs(change) < 0.03:  # noqa: PLR2004 - steady, and enough to matter
        return Finding("drift")
    return Finding("drift", is_event=False, figures={"correlation": figure(round(correlation, 2))})


def _neighbour_level(context: _Context, hours: pd.DatetimeIndex) -> pd.Series:
    near = [
        valid_values(context.scene.hours[name], context.scene.parameter).reindex(hours)
        for *_, name in context.neighbours()
        if context.scene.parameter in context.scene.hours[name]
    ]
    if len(near) < 3:  # noqa: PLR2004 - of fewer the median is one station's own
        return pd.Series(np.nan, index=hours)
    return pd.concat(near, axis=1).median(axis=1)


def _neighbours(context: _Context) -> Finding:
    if not context.sign:
        return Finding("neighbours")
    near = [name for *_, name in context.neighbours()]
    moved = [departure_of(context.scene.hours[name], context.scene.parameter, context.scene.interval) for name in near]
    known = [item for item in moved if item is not None]
    agree = sum(item.deviations * context.sign >= FOLLOWS for item in known)
    figures = {"others": str(agree), "count": str(len(known)), "radius": figure(RADIUS_KM)}
    if len(known) < 2:  # noqa: PLR2004 - one neighbour proves nothing
        return Finding("neighbours")
    if agree == 0:
        return Finding("neighbours", is_event=False, figures=figures)
    return Finding("neighbours", True if agree >= len(known) / 2 else None, figures)


def _downwind(context: _Context) -> Finding:
    wind = _wind(context)
    if not context.sign or wind is None or context.own is None:
        return Finding("downwind")
    own = course(context.own, context.scene.parameter, context.scene.interval)
    for distance, bearing, name in context.neighbours():
        away = abs((bearing - wind + 180) % 360 - 180)
        # the wind comes from `wind`: a station there is upwind and has it first, one opposite has it later
        direction = -1 if away <= 45 else 1 if away >= 135 else 0  # noqa: PLR2004 - within an eighth of a turn
        other = course(context.scene.hours[name], context.scene.parameter, context.scene.interval)
        lag = _lag(own, other) if direction else None
        if lag is not None and lag * direction >= 0:
            figures = {"distance": figure(round(distance)), "lag": str(abs(lag))}
            return Finding("downwind", is_event=True, figures=figures)
    return Finding("downwind")


def _lag(own: pd.Series, other: pd.Series) -> int | None:
    """Hours by which the other has the same course later; None where it has not."""
    best, found = 0.6, None
    for lag in range(-_LAG_H, _LAG_H + 1):
        pair = pd.concat([own, other.shift(-lag)], axis=1).dropna()
        if len(pair) >= 8 and pair.nunique().min() > 2:  # noqa: PLR2004 - a correlation of fewer is luck
            correlation = float(np.corrcoef(pair.to_numpy().T)[0, 1])
            if correlation > best:
                best, found = correlation, lag
    return found


def _co_pollutants(context: _Context) -> Finding:
    if not context.sign or context.own is None:
        return Finding("co_pollutants")
    related = [name for name in _related(context.scene.parameter, context.own) if name in context.own]
    moved = [departure_of(context.own, name, context.scene.interval) for name in related]
    known = [item for item in moved if item is not None]
    agree = sum(item.deviations * context.sign >= FOLLOWS for item in known)
    if len(known) < 2:  # noqa: PLR2004 - one may be silent by chance
        return Finding("co_pollutants")
    figures = {"others": str(agree), "count": str(len(known))}
    return Finding("co_pollutants", None if 0 < agree < len(known) / 3 else agree > 0, figures)


def _related(code: str, own: pd.DataFrame) -> Sequence[str]:
    """Parameters of the same station that share sources; for the many of a group (VOC, elements) all of the group."""
    if code in RELATED:
        return RELATED[code]
    group = parameter(code).group
    if group in {parameter("pm25").group, parameter("temperature").group, parameter("gamma_dose_rate").group}:
        return ()
    return [name for name in parameters_in(own) if name != code and parameter(name).group is group]


def _weather(context: _Context) -> Finding:
    code = context.scene.parameter
    if context.sign <= 0:
        return Finding("weather")
    hours = hours_in(context.scene.interval)
    if code == "gamma_dose_rate":
        rain = _met(context, "rain", pd.date_range(hours[0] - _RAIN_BEFORE, hours[-1], freq="h"))
        return _fits(None if rain is None else float(rain.sum()) > 0.1, "rain", "no rain")  # noqa: PLR2004 - mm
    if code == "o3":
        sun = _met(context, "global_radiation", hours)
        return _fits(None if sun is None else bool(sun.max() > 250), "sun", "no sun")  # noqa: PLR2004 - W m-2
    if code in {"pm25", "pm10", "so2", "no2", "co"}:
        return _fits(_stagnant(context, hours), "weak wind or moist air", "strong wind and dry air")
    return Finding("weather")


def _stagnant(context: _Context, hours: pd.DatetimeIndex) -> bool | None:
    speed, moist = _met(context, "wind_speed", hours), _met(context, "relative_humidity", hours)
    if speed is None or moist is None:
        return None
    return bool(speed.median() < 3.0 or moist.median() > 70)  # noqa: PLR2004 - m s-1, %


def _fits(is_fit: bool | None, yes: str, no: str) -> Finding:  # noqa: FBT001 - three states
    return Finding("weather", is_fit, {"detail": yes if is_fit else no})


def _wind(context: _Context) -> float | None:
    """Direction that the wind comes from in the case [deg]."""
    direction = _met(context, "wind_direction", hours_in(context.scene.interval))
    if direction is None:
        return None
    angle = np.radians(direction.to_numpy())
    return float(np.degrees(np.arctan2(np.sin(angle).mean(), np.cos(angle).mean())) % 360)


def _met(context: _Context, name: str, hours: pd.DatetimeIndex) -> pd.Series | None:
    """Weather of the station itself or of the nearest one within the radius that has any."""
    frames = [context.own] if context.own is not None else []
    everyone = [context.scene.station, *context.scene.met_stations]
    distance = Places.of(everyone).distance_km()[0][1:]
    order = np.argsort(distance)
    near = [context.scene.met_stations[at].id for at in order if distance[at] <= RADIUS_KM]
    frames += [context.scene.met[item] for item in near if item in context.scene.met]
    for frame in frames:
        values = valid_values(frame, name).reindex(hours).dropna()
        if len(values):
            return values
    return None


def _percent(share: float) -> str:
    return figure(round(100 * min(share, 1.0)))


MAKERS: Mapping[str, Callable[[_Context], Finding]] = {
    "status": _status,
    "calibration": _calibration,
    "flat": _flat,
    "spike": _spike,
    "gap": _gap,
    "clock": _clock,
    "drift": _drift,
    "neighbours": _neighbours,
    "downwind": _downwind,
    "co_pollutants": _co_pollutants,
    "weather": _weather,
}
