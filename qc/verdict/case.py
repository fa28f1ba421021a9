"""What is known around a case, and the series that its evidence is read from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from qc.hourly.space.neighbours import Places
from qc.robust import MAD_TO_SIGMA, robust_spread
from qc.verdict.deviation import (
    BEFORE_H,
    ChosenHours,
    Deviation,
    HourlySeries,
    ResidualSeries,
    axis,
    hours_in,
    median,
    table,
)
from qc.verdict.kin import Family, family
from schemas.flag import Flag
from schemas.frames import STATUS, parameters_in
from schemas.geodesy import bearing_deg
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from schemas.interval import Interval
    from schemas.network import Instrument, Station
    from schemas.reason import Figure

    Field = NDArray[np.float64]

DAY_H = 24
"""Hours before a case whose flags say what is usual [h]."""
RADIUS_KM = 130.0
"""Stations that count as neighbours [km]; project default for cities 60 to 100 km apart."""
DEPARTS, FOLLOWS = 4.0, 2.5
"""Robust standard deviations from which the station departs, and from which another goes with it [1]; project defaults.

The hours in which a channel is furthest away are chosen, so that an ordinary day has some at 2.5: of 262 windows of simulated weeks
in which nothing happens, 107 departed by that, 45 by 4."""
_RATIOS = frozenset(
    [
        "o3",
        "gamma_dose_rate",
        "h2o",
        "wind_speed",
        "friction_velocity",
        "global_radiation",
        "par",
        "sw_out",
        "uv_radiation",
        "turbidity",
        "water_conductivity",
    ]
)
"""Parameters without a source at the ground that are compared by their ratio too, since they have a zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContext:
    """What is known around a case; whatever is absent stays silent.

    Attributes
    ----------
    interval : Interval
        The case.
    hours : mapping of str to DataFrame
        `schemas.frames` hourly of the parameter's network by station, from three days before the case; the station's own with
        all its parameters, the others need the parameter only.
    stations : sequence of Station
        Of that network.
    met : mapping of str to DataFrame
        Hours of the network ``met`` by station; empty: nothing is said of the weather.
    met_stations : sequence of Station
        Of the network ``met``.
    flags : DataFrame or None
        `schemas.frames` flags of the station and parameter, native and hourly, in the case and where known before it; None:
        not known.
    native : DataFrame or None
        Readings of the instrument, in the case and where known before it.
    cadence_s : int
        Of these [s].
    instrument_id : str or None
        Which of the station's instruments the case is about; None: the first in service with the parameter.
    twins : mapping of str to DataFrame
        Readings of the network's other instruments of the same parameter at the station, from three days before the case.
    beside : mapping of str to DataFrame
        Hours of the station in its other networks, by network code, from three days before the case.
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
    instrument_id: str | None = None
    twins: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    other_networks: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Indication:
    """What one piece of evidence says; ``is_event`` None: nothing."""

    name: str
    is_event: bool | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)


class StationChannel(NamedTuple):
    """One series at the station: where it comes from and what it is."""

    source: str
    code: str


OWN, EXCESS = "own", "excess "
"""Name of the series that the case is about, and prefix of what a series has more than the stations around."""
TWIN = "twin "
"""Prefix of the sources that are other instruments of the same network and parameter."""
_LEAST_AROUND = 3
"""Fewer stations around have no level that one of them does not decide [1]."""
_APART = 0.6
"""Logarithm of the ratio to the stations around from which a departure is the station's own while they depart too [1]."""
_LEAST_BEFORE = 12
"""Hours before the case that two channels need in common [1]."""
_SOME, _NEARLY_ALL = 0.4, 0.8
"""Parts of the stations around that disturb their level, and that make it [1]."""
_QUIET = 0.3
"""Part of the usual level below which ratios between stations mean little [1]."""


class CaseSeries:
    """A scene with its series on one axis, made once and asked by every piece of evidence."""

    def __init__(self, context: CaseContext) -> None:
        self.context = context
        self.code = context.parameter
        self.hours = hours_in(context.interval)
        self.index = axis(context.interval)
        self.own = context.hours.get(context.station.id)

    @cached_property
    def instrument(self) -> Instrument | None:
        """The instrument that the case is about, as the network file has it."""
        measuring = [item for item in self.context.station.instruments if self.code in item.parameters]
        named = [item for item in measuring if item.id == self.context.instrument_id]
        interval = self.context.interval
        chosen = named or [item for item in measuring if item.serves_within(interval.start, interval.end)]
        return chosen[0] if chosen else None

    @cached_property
    def own_values(self) -> Field:
        """Hours of the case's own channel: the stored ones, or of readings where the store's hour is absent or of a twin."""
        stored = (
            np.full(len(self.index), np.nan) if self.own is None else table(self.own, [self.code], self.index)[:, 0]
        )
        if self.context.native is None or self.code not in self.context.native:
            return stored
        made = hourly_of(self.context.native, self.code, self.context.cadence_s).reindex(self.index).to_numpy()
        if self.context.twins and np.isfinite(made).any():
            return made
        absent = ~self.index.isin([] if self.own is None else self.own.index)
        return np.where(absent, made, stored)

    @cached_property
    def channels(self) -> dict[StationChannel, Field]:
        """Every series of the station but the case's own, by source (network code or twin) and parameter."""
        found: dict[StationChannel, Field] = {}
        frames = (
            {self.network: self.own, **self.context.other_networks}
            if self.own is not None
            else dict(self.context.other_networks)
        )
        for source, frame in frames.items():
            codes = [code for code in parameters_in(frame) if source != self.network or code != self.code]
            values = table(frame, codes, self.index)
            found |= {StationChannel(source, code): values[:, at] for at, code in enumerate(codes)}
        for name, native in self.context.twins.items():
            cadence_s = next((item.cadence_s for item in self.context.station.instruments if item.id == name), 3600)
            hours = hourly_of(native, self.code, cadence_s).reindex(self.index)
            found[StationChannel(TWIN + name, self.code)] = hours.to_numpy(dtype=np.float64)
        return found

    @cached_property
    def network(self) -> str:
        """Code of the network that the case's instrument reports to; empty where none is known."""
        return "" if self.instrument is None else self.instrument.network.value

    @cached_property
    def near(self) -> list[tuple[float, float, str]]:
        """Distance [km], bearing towards it [deg] and id of the other stations around with hours of the parameter."""
        context = self.context
        everyone = [context.station, *(item for item in context.stations if item.id != context.station.id)]
        places = Places.of(everyone)
        distance = places.distance_km()[0]
        bearing = bearing_deg(places.lon[0], places.lat[0], places.lon, places.lat)
        return sorted(
            (float(distance[at]), float(bearing[at]), item.id)
            for at, item in enumerate(everyone)
            if at and distance[at] <= RADIUS_KM and self._has_hours(item.id)
        )

    def _has_hours(self, station_id: str) -> bool:
        frame = self.context.hours.get(station_id)
        return frame is not None and self.code in frame and bool(frame[self.code].notna().any())

    @cached_property
    def _tables(self) -> tuple[list[str], Field]:
        """Parameters of the case's network, its own first, and their values at the stations around: (station, hour, parameter)."""
        codes = [self.code, *(item.code for item in self.channels if item.source == self.network)]
        tables = [table(self.context.hours[name], codes, self.index) for *_, name in self.near]
        return codes, np.stack(tables) if tables else np.empty((0, len(self.index), len(codes)))

    @cached_property
    def _levels(self) -> dict[str, Field]:
        """Median of the stations around by parameter of the case's network; NaN where fewer than three have a value."""
        codes, values = self._tables
        if len(values) < _LEAST_AROUND:
            return {}
        level = median(values, least=_LEAST_AROUND)
        return {code: level[:, at] for at, code in enumerate(codes) if np.isfinite(level[:, at]).any()}

    def level(self, code: str) -> Field | None:
        """Median of the stations around; None where too few measure it."""
        return self._levels.get(code)

    def excess(self, code: str, values: Field) -> Field | None:
        """What a series has more than the stations around, by its own usual distance from them; None where too few are.

        The logarithm of the ratio of both to their usual levels for what has a zero, else the difference. A steady distance is
        none.
        """
        around = self._levels.get(code)
        if around is None or parameter(code).period:
            return None
        if not self.is_ratio(code):
            return values - around
        usual = [median(item[:BEFORE_H, None])[0] for item in (values, around)]
        if not min(usual) > 0:
            return None
        own, others = (
            np.log(np.maximum(item / level, 0) + _QUIET) for item, level in zip((values, around), usual, strict=True)
        )
        found: Field = own - others
        return found

    @cached_property
    def residuals(self) -> ResidualSeries:
        """The case's own channel and all others of the station, and what each has more than the stations around."""
        series = {OWN: HourlySeries(self.own_values, *_least(self.code))}
        excess = {EXCESS + OWN: (self.code, self.excess(self.code, self.own_values))}
        for channel, values in self.channels.items():
            series[_key(channel)] = HourlySeries(values, *_least(channel.code))
            if channel.source == self.network or channel.source.startswith(TWIN):
                excess[EXCESS + _key(channel)] = (channel.code, self.excess(channel.code, values))
        for name, (code, more) in excess.items():
            if more is not None:
                series[name] = HourlySeries(more, 0.08 if self.is_ratio(code) else _least(code)[0], 0.0)
        return ResidualSeries.of(self.index, series)

    @cached_property
    def chosen(self) -> ChosenHours | None:
        """The hours in which the channel departs most, from the stations around where it does; None: not known."""
        if EXCESS + OWN in self.residuals.names:
            found = self.residuals.choose(EXCESS + OWN)
            local = None if found is None else self.residuals.deviations(found).get(EXCESS + OWN)
            if local is not None and abs(local.z_score) >= DEPARTS:
                return found
        return self.residuals.choose(OWN)

    @cached_property
    def _deviations(self) -> dict[str, Deviation]:
        return {} if self.chosen is None else self.residuals.deviations(self.chosen)

    @property
    def from_usual(self) -> Deviation | None:
        """How far the channel departs from what is usual."""
        return self._deviations.get(OWN)

    @property
    def from_neighbours(self) -> Deviation | None:
        """How far the channel departs from what the stations around let expect; None where too few are, or some of them moved alone."""
        found = self._deviations.get(EXCESS + OWN)
        return None if found is None or self._is_level_disturbed(found) else found

    def _is_level_disturbed(self, local: Deviation) -> bool:
        """Whether the channel is where it is usually, and some of the stations around, not most, left it: they made the distance."""
        if self.from_usual is None or abs(self.from_usual.z_score) >= DEPARTS or abs(local.z_score) < DEPARTS:
            return False
        sign = float(np.sign(local.z_score))
        left = [item.z_score * sign <= -FOLLOWS for item in self.neighbours.values()]
        return _SOME * len(left) <= sum(left) < _NEARLY_ALL * len(left)

    @property
    def sign(self) -> float:
        """Which way it departs, from what is usual or else from the stations around; 0 where it does not, or not known."""
        for found in (self.from_usual, self.from_neighbours):
            if found is not None and abs(found.z_score) >= DEPARTS:
                return float(np.sign(found.z_score))
        return 0.0

    @property
    def is_level_unusual(self) -> bool:
        """Whether the level itself departs, not only its distance from the stations around."""
        return self.from_usual is not None and self.from_usual.z_score * self.sign >= DEPARTS

    @property
    def is_usual(self) -> bool:
        """Whether the channel is where it is usually, and where the stations around let expect it."""
        return self.from_usual is not None and not self.sign

    @property
    def is_local(self) -> bool:
        """Whether it departs in a way that the stations around do not explain; True where there are too few of them."""
        if self.from_neighbours is None:
            return True
        least = (_APART if self.is_region_moving else _APART / 2) if self.is_ratio(self.code) else 0.0
        return self.from_neighbours.z_score * self.sign >= DEPARTS and self.from_neighbours.mean * self.sign >= least

    @cached_property
    def is_region_moving(self) -> bool:
        """Whether the stations around depart in the same way."""
        found = [item.z_score * self.sign for item in self.neighbours.values()]
        return len(found) >= _LEAST_AROUND and float(np.median(found)) >= FOLLOWS

    def deviations(self, channels: Iterable[StationChannel]) -> dict[StationChannel, Deviation]:
        """How far other channels of the station depart in the same hours; those not known are absent.

        Of a local departure, from what the stations around let expect where that is known. Where the whole region departs, what
        is not known against it is left out: it departs anyway.
        """
        if self.from_neighbours is None or not self.is_local:
            return self.raw_deviations(channels)
        found = {}
        for item in channels:
            raw, excess = self._deviations.get(_key(item)), self._deviations.get(EXCESS + _key(item))
            if excess is not None:
                found[item] = excess
            elif raw is not None and not self.is_region_moving:
                found[item] = raw
        return found

    def raw_deviations(self, channels: Iterable[StationChannel]) -> dict[StationChannel, Deviation]:
        """How far other channels of the station depart from what is usual of them."""
        return {item: found for item in channels if (found := self._deviations.get(_key(item))) is not None}

    @cached_property
    def _sudden(self) -> dict[str, Deviation]:
        """Deviations in the same hours, counted from the hours right before the case."""
        return {} if self.chosen is None else self.residuals.deviations(ChosenHours(self.chosen.rows, is_sudden=True))

    @property
    def strength(self) -> float:
        """How far the channel departs, by the standard deviation of what `deviations` counts others by [1]."""
        found = self.from_neighbours if self.from_neighbours is not None and self.is_local else self.from_usual
        return 0.0 if found is None else abs(found.z_score)

    def follows(self, channel: StationChannel, deviation: Deviation) -> bool:
        """Whether another channel departs with the case's: in the same hours and way, and as suddenly where that is sudden."""
        if deviation.z_score * self.sign < FOLLOWS:
            return False
        own, other = self._sudden.get(OWN), self._sudden.get(_key(channel))
        if own is None or other is None or own.z_score * self.sign < DEPARTS:
            return True
        return other.z_score * self.sign >= FOLLOWS / 2

    def factors(self, channels: Iterable[StationChannel]) -> tuple[Field, bool]:
        """Logarithms of the factors by which the case's channel and others changed, NaN where not known.

        And whether they are counted against the stations around, which takes out what the weather does to all of them alike.
        """
        keys = [OWN, *map(_key, channels)]
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
        distance = self.distance(self.channels[channel])
        now, before = distance[self.chosen.rows], distance[:BEFORE_H]
        now, before = now[np.isfinite(now)], before[np.isfinite(before)]
        if not len(now) or len(before) < _LEAST_BEFORE:
            return None
        usual = float(np.median(before))
        return float(np.median(now)) - usual, robust_spread(before)

    def distance(self, other: Field) -> Field:
        """Logarithm of the ratio to another series, or the difference by its scatter from hour to hour before the case."""
        if self.is_ratio(self.code):
            return log_distance(self.own_values, other)
        difference: Field = self.own_values - other
        before = difference[:BEFORE_H, None]
        scatter = MAD_TO_SIGMA * float(median(np.abs(before - median(before)))[0])
        return difference / max(scatter, _least(self.code)[0])  # NaN where the scatter is

    def level_of(self, channel: StationChannel | None) -> float:
        """Mean of a channel, None the case's own, in the chosen hours; NaN where not known."""
        values = self.own_values if channel is None else self.channels[channel]
        inside = values[BEFORE_H:] if self.chosen is None else values[self.chosen.rows]
        return float(inside[np.isfinite(inside)].mean()) if np.isfinite(inside).any() else float("nan")

    def is_ratio(self, code: str) -> bool:
        """Whether a parameter is compared by its ratio: what has a zero; else by the difference."""
        return family(code) is not None or code in _RATIOS or code.startswith("soil_moisture")

    @cached_property
    def around(self) -> ResidualSeries:
        """The channel and the same parameter at the stations around, by station id."""
        series = {OWN: HourlySeries(self.own_values, *_least(self.code))}
        for values, (*_, name) in zip(self._tables[1][:, :, 0], self.near, strict=True):
            series[name] = HourlySeries(values, *_least(self.code))
        return ResidualSeries.of(self.index, series)

    @cached_property
    def neighbours(self) -> dict[str, Deviation]:
        """How far the parameter departs in the same hours at the stations around, by id; those not known are absent."""
        if self.chosen is None:
            return {}
        found = self.around.deviations(self.chosen)
        return {name: found[name] for *_, name in self.near if name in found}

    @cached_property
    def is_judged(self) -> bool:
        """Whether the tests have run on the case's hours, so that no flag means that none was found."""
        if self.context.flags is None:
            return False
        starts = self.context.flags["start"]
        if len(starts) and bool(pd.DatetimeIndex(starts).floor("h").isin(self.hours).any()):
            return True
        return self.own is not None and bool(self.own.index.isin(self.hours).any())

    def share_flagged(self, tests: Iterable[str], flags: set[Flag]) -> tuple[float, float] | None:
        """Part of the case's hours with such a record, and of the day before; None where flags are not known."""
        if not self.is_judged or self.context.flags is None:
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


def log_distance(own: Field, other: Field) -> Field:
    """Logarithm of the ratio of two series by their usual levels; NaN where both are far below them, as by night."""
    before = [item[:BEFORE_H][np.isfinite(item[:BEFORE_H])] for item in (own, other)]
    if not all(len(item) and item.mean() > 0 for item in before):
        return np.full(len(own), np.nan)
    first, second = (item / known.mean() for item, known in zip((own, other), before, strict=True))
    ratio = np.log(np.maximum(first, 0) + 0.1) - np.log(np.maximum(second, 0) + 0.1)
    found: Field = np.where(np.fmax(first, second) > 0.2, ratio, np.nan)  # noqa: PLR2004
    return found


def hourly_of(native: pd.DataFrame, code: str, cadence_s: int) -> pd.Series:
    """Hourly means of readings without a status letter; hours with fewer than half of them, so far as they go, are absent."""
    if code not in native or native.empty:
        return pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz="UTC"))
    values = native[code].astype(float)
    if code + STATUS in native:
        letters = native[code + STATUS]
        values = values[letters.isna() | letters.eq("N")]
    values = values.dropna()
    groups = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    means = groups.mean()
    so_far = (native.index[-1] - means.index) / pd.Timedelta(seconds=cadence_s) + 1
    found: pd.Series = means[groups.count() >= np.maximum(1.0, np.minimum(3600 // cadence_s, so_far) / 2)]
    return found


def _key(channel: StationChannel) -> str:
    return f"{channel.source}/{channel.code}"


def _least(code: str) -> tuple[float, float]:
    """Least standard deviation of a parameter: its last digit, and a part of the level that is small where the level is large."""
    known = parameter(code)
    digit = float(10.0**-known.decimals)
    if known.period:
        return digit, 0.0
    return digit, 0.08 if family(code) not in {None, Family.GREENHOUSE} or code == "o3" else 0.015
