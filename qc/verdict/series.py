"""The hourly series that the evidence of a case is read from. Pure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.space.neighbours import StationCoordinates
from qc.robust import MAD_TO_SIGMA
from qc.verdict.channel import EXCESS, OWN, TWIN, StationChannel, hourly_of, is_ratio, key, least_spread, log_distance
from qc.verdict.deviation import (
    BEFORE_H,
    HourlySeries,
    ResidualSeries,
    axis,
    hours_in,
    median,
    table,
)
from schemas.frames import parameters_in
from schemas.geodesy import bearing_deg
from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.verdict.context import CaseContext
    from schemas.network import Instrument

    Field = NDArray[np.float64]

RADIUS_KM = 130.0
"""Stations that count as neighbours [km]; project default for cities 60 to 100 km apart."""
LEAST_AROUND = 3
"""Least neighbours for a level that no single one decides [1]."""
_QUIET = 0.3
"""Part of the usual level below which ratios between stations are not used [1]."""


class CaseSeries:
    """The series of a case on one hourly axis: the station's channels, and the same parameter at its neighbours."""

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
        """Hours of the case's own channel: the stored ones, or made of readings where the stored hour is absent or of a twin."""
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
        """Distance [km], bearing [deg] and id of the neighbours with hours of the parameter."""
        context = self.context
        everyone = [context.station, *(item for item in context.stations if item.id != context.station.id)]
        places = StationCoordinates.of(everyone)
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
        """Parameters of the case's network, its own first, and their values at the neighbours: (station, hour, parameter)."""
        codes = [self.code, *(item.code for item in self.channels if item.source == self.network)]
        tables = [table(self.context.hours[name], codes, self.index) for *_, name in self.near]
        return codes, np.stack(tables) if tables else np.empty((0, len(self.index), len(codes)))

    @cached_property
    def _levels(self) -> dict[str, Field]:
        """Median of the neighbours by parameter of the case's network; NaN where fewer than three have a value."""
        codes, values = self._tables
        if len(values) < LEAST_AROUND:
            return {}
        level = median(values, least=LEAST_AROUND)
        return {code: level[:, at] for at, code in enumerate(codes) if np.isfinite(level[:, at]).any()}

    def level(self, code: str) -> Field | None:
        """Median of the neighbours; None where too few measure it."""
        return self._levels.get(code)

    def excess(self, code: str, values: Field) -> Field | None:
        """Excess of a series over the neighbours, relative to its usual distance from them; None where they are too few.

        The logarithm of the ratio of both to their usual levels for what has a true zero, else the difference. A constant distance is
        none.
        """
        around = self._levels.get(code)
        if around is None or parameter(code).period:
            return None
        if not is_ratio(code):
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
        """The case's own channel and all others of the station, and the excess of each over the neighbours."""
        series = {OWN: HourlySeries(self.own_values, *least_spread(self.code))}
        excess = {EXCESS + OWN: (self.code, self.excess(self.code, self.own_values))}
        for channel, values in self.channels.items():
            series[key(channel)] = HourlySeries(values, *least_spread(channel.code))
            if channel.source == self.network or channel.source.startswith(TWIN):
                excess[EXCESS + key(channel)] = (channel.code, self.excess(channel.code, values))
        for name, (code, more) in excess.items():
            if more is not None:
                series[name] = HourlySeries(more, 0.08 if is_ratio(code) else least_spread(code)[0], 0.0)
        return ResidualSeries.of(self.index, series)

    def distance(self, other: Field) -> Field:
        """Logarithm of the ratio to another series, or the difference relative to its scatter from hour to hour before the case."""
        if is_ratio(self.code):
            return log_distance(self.own_values, other)
        difference: Field = self.own_values - other
        before = difference[:BEFORE_H, None]
        scatter = MAD_TO_SIGMA * float(median(np.abs(before - median(before)))[0])
        return difference / max(scatter, least_spread(self.code)[0])  # NaN where the scatter is

    @cached_property
    def around(self) -> ResidualSeries:
        """The channel and the same parameter at the neighbours, by station id."""
        series = {OWN: HourlySeries(self.own_values, *least_spread(self.code))}
        for values, (*_, name) in zip(self._tables[1][:, :, 0], self.near, strict=True):
            series[name] = HourlySeries(values, *least_spread(self.code))
        return ResidualSeries.of(self.index, series)
