"""The simulated province: its network file, its messages in the order of time, and the truth about them."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from schemas.interval import Interval, floor_hour
from schemas.message import NetworkCode, Topic
from schemas.network import Instrument, Network, Station
from schemas.parameter import parameter
from schemas.reading import Reading
from sensors.json_v1 import FORMAT, encode_readings
from sensors.network_file import network_toml
from sensors.outgoing import OutgoingMessage
from sensors.simulator.accident import stage_accident
from sensors.simulator.archive import PER_MESSAGE, archive_series, is_archived, with_archive
from sensors.simulator.checks import check_messages, check_results
from sensors.simulator.faults import FaultySeries, InstrumentFault, apply_faults, plan_faults, wrong_code
from sensors.simulator.geography import load_cities
from sensors.simulator.layout import all_stations
from sensors.simulator.park import SimulatedEnterprise, draw_enterprises, park_stations, stage_releases, staged_records
from sensors.simulator.release.plan import plan_releases
from sensors.simulator.series import simulate_instrument
from sensors.simulator.truth_report import report_truth
from sensors.simulator.weather_forecast import forecast_run
from sensors.simulator.world import Site, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sensors.simulator.release.draw import Release
    from sensors.simulator.story import Story
    from sensors.simulator.truth import Truth
    from sensors.weather_forecast.run import WeatherRun

ZONE = "Asia/Shanghai"
_BLOCK = 1024


class Province:
    """A province of invented stations over a period of time: same arguments, same bytes.

    Parameters
    ----------
    seed : int
        At least 0.
    start, end : datetime
        Aware; the period ``[start, end)``. Events are placed by them (`sensors.simulator.events`).
    faults : bool
        Whether instruments fail.
    story : Story or None
        What is staged for a demonstration, with the park of stations and its releases; the other events and faults are then placed
        before its end of history.
    releases_per_day : float
        Mean number of releases of known kind, place and rate (`sensors.simulator.release`) that begin in a day; 0: none. They run on
        to the end, several at once.

    Raises
    ------
    ValueError
        If the period is empty, a time has no zone, or the number of releases is negative.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        end: datetime,
        *,
        faults: bool = True,
        story: Story | None = None,
        releases_per_day: float = 0.0,
    ) -> None:
        if start.tzinfo is None or end.tzinfo is None or start >= end:
            msg = f"province: expected a start before the end, both with a zone, got {start} and {end}"
            raise ValueError(msg)
        self.seed = seed
        self.start = start.astimezone(UTC)
        self.end = end.astimezone(UTC)
        self.stations = self._all_stations(story)
        self._has_faults = faults
        self._story = story
        self._world = World(seed, self.start, self.end, story)
        released = () if story is None else self._staged(story)
        if releases_per_day:
            span = self.start, self.end
            released += plan_releases(seed, span, self.stations, self._world.weather, releases_per_day)
        if released:
            self._world = World(seed, self.start, self.end, story, releases=released)

    def _staged(self, story: Story) -> tuple[Release, ...]:
        weather = self._world.weather
        released = stage_releases(self.seed, floor_hour(story.at), weather)
        if story.accident_at is None:
            return released
        return (*released, stage_accident(self.seed, story.accident_at, weather))

    def _all_stations(self, story: Story | None) -> tuple[Station, ...]:
        park = () if story is None else park_stations(self.seed)
        stations = (*all_stations(self.seed), *park)
        if story is None or story.archive_start is None:
            return stations
        return with_archive(stations, park, (story.archive_start, self.start), self.end)

    def subset(self, *, cities: Iterable[str] | None = None, networks: Iterable[str] | None = None) -> Province:
        """Part of the province; what is left sends exactly what it sends in the whole.

        Parameters
        ----------
        cities : iterable of str or None
            Codes (``210100``), letters (``sy``) or English names; None: all.
        networks : iterable of str or None
            None: all.

        Raises
        ------
        ValueError
            If there is no such city or network.
        """
        codes = {city.code for city in load_cities()} if cities is None else {_city_code(name) for name in cities}
        kept = set(NetworkCode) if networks is None else {NetworkCode(name) for name in networks}
        part = Province(self.seed, self.start, self.end, faults=self._has_faults, story=self._story)
        part._world = self._world
        thinned = (_only(station, kept) for station in self.stations if station.city in codes)
        part.stations = tuple(station for station in thinned if station.instruments)
        return part

    def weather_forecast(self, reference: datetime, *, error: float = 1.0) -> WeatherRun:
        """Run of a numerical weather forecast (`sensors.simulator.weather_forecast`): later weather with an error."""
        return forecast_run(self._world, reference, error=error)

    def network(self) -> Network:
        """Stations and instruments, as the collector needs them."""
        return Network(zone=ZONE, station_list=self.stations)

    def network_toml(self) -> str:
        """Text of the network file."""
        return network_toml(self.network())

    def readings(
        self, station: Station, instrument: Instrument, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Reading]:
        """Readings of one instrument in order of time, with its faults.

        Parameters
        ----------
        station, instrument
            Of this province.
        since, until : datetime or None
            Only readings that are due in ``(since, until]``; None: the whole period.
        """
        return (reading for _, reading in self._due(station, instrument, since, until))

    def messages(
        self, *, per_message: int = 1, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[OutgoingMessage]:
        """All messages in the order in which they are due.

        Parameters
        ----------
        per_message : int
            Readings of one instrument in one message (arrays of the back-fill), for fast history.
        since, until : datetime or None
            Only readings that are due in ``(since, until]``; their numbers stay the same.
        """
        streams = [
            self._instrument_messages(position, station, instrument, per_message, (since, until))
            for position, (station, instrument) in enumerate(self._instruments())
        ]
        return (message for _, _, message in heapq.merge(*streams, key=lambda item: item[:2]))

    def check_messages(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[OutgoingMessage]:
        """Messages of calibration results in the order in which they are due, those due in ``(since, until]``."""
        first, last = since or self.start, until or self.end
        found = []
        for station, instrument in self._instruments():
            if is_archived(instrument):
                continue
            own = tuple(f for f in self.faults if (f.station_id, f.instrument_id) == (station.id, instrument.id))
            results = check_results(self.seed, station, instrument, own, (self.start, self.end))
            found += [item for item in check_messages(results) if first < item.due_at <= last]
        return iter(sorted(found, key=lambda item: (item.due_at, item.topic)))

    def truth(self) -> Truth:
        """What happened: events, faults, and contributions of the sources by station and hour; what was staged, as a list."""
        truth = report_truth(self._world, self.stations, self.faults)
        return truth if self._story is None else msgspec.structs.replace(truth, staged=staged_records(truth))

    def enterprises(self) -> tuple[SimulatedEnterprise, ...]:
        """Registry of enterprises, of which a staged province has some release something."""
        return draw_enterprises(self.seed)

    @cached_property
    def faults(self) -> tuple[InstrumentFault, ...]:
        """Faults of the instruments in this part of the province."""
        if not self._has_faults:
            return ()
        present = {(station.id, instrument.id) for station, instrument in self._instruments()}
        planned = plan_faults(self.seed, self.start, self.end if self._story is None else self._story.history_end)
        if self._story is not None:
            planned = self._story.with_faults(planned)
        return tuple(fault for fault in planned if (fault.station_id, fault.instrument_id) in present)

    def _instruments(self) -> Iterator[tuple[Station, Instrument]]:
        return ((station, instrument) for station in self.stations for instrument in station.instruments)

    def _instrument_messages(
        self,
        position: int,
        station: Station,
        instrument: Instrument,
        per_message: int,
        window: tuple[datetime | None, datetime | None],
    ) -> Iterator[tuple[datetime, int, OutgoingMessage]]:
        topic = str(Topic(instrument.network, station.id, instrument.id, FORMAT))
        due = self._due(station, instrument, *window)
        if is_archived(instrument):
            per_message = max(per_message, PER_MESSAGE)
        while batch := list(islice(due, per_message)):
            due_at = batch[-1][0]
            payload = encode_readings(reading for _, reading in batch)
            yield due_at, position, OutgoingMessage(topic, payload, due_at)

    def _due(
        self, station: Station, instrument: Instrument, since: datetime | None, until: datetime | None
    ) -> Iterator[tuple[datetime, Reading]]:
        """Readings with the moment at which they are due: the true end of the interval."""
        start, end = self._span_of(instrument)
        if since is not None and since >= end:
            return
        series = self.series(station, instrument)
        if len(series.starts):
            yield from _readings(series, station, instrument, (since or start, until or self.end))

    def _span_of(self, instrument: Instrument) -> tuple[datetime, datetime]:
        """Time in which an instrument of the province reports."""
        if is_archived(instrument):
            return instrument.since or self.start, instrument.until or self.end
        return self.start, self.end

    def series(self, station: Station, instrument: Instrument) -> FaultySeries:
        """Values of one instrument over the whole period as arrays, with its faults; see `readings` for its arguments."""
        cadence_s = instrument.cadence_s
        start, end = self._span_of(instrument)
        first = -(-start.timestamp() // cadence_s) * cadence_s
        starts = np.arange(first, end.timestamp() - cadence_s + 0.5, cadence_s)
        if not len(starts):
            return apply_faults(starts, {code: starts.copy() for code in instrument.parameters}, ())
        simulate = archive_series if is_archived(instrument) else simulate_instrument
        clean = simulate(Site(self._world, station), instrument, starts)
        own = tuple(f for f in self.faults if (f.station_id, f.instrument_id) == (station.id, instrument.id))
        return apply_faults(starts, clean, own)


def _readings(
    series: FaultySeries, station: Station, instrument: Instrument, window: tuple[datetime, datetime]
) -> Iterator[tuple[datetime, Reading]]:
    codes = instrument.parameters
    status = _by_position(series.status)
    names = _names_of(codes, series.misspelt)
    step = timedelta(seconds=instrument.cadence_s)
    epoch = datetime.fromtimestamp(0, UTC)
    for position, seq, row in _rows(series, instrument, window):
        start = epoch + timedelta(seconds=float(series.stamped[position]))
        due_at = epoch + step + timedelta(seconds=float(series.starts[position]))
        yield (
            due_at,
            Reading(
                instrument.network.value,
                station.id,
                instrument.id,
                Interval(start, start + step),
                dict(zip(names(position), row, strict=True)),
                status.get(position, {}),
                seq,
            ),
        )


def _names_of(codes: tuple[str, ...], misspelt: dict[str, slice]) -> Callable[[int], tuple[str, ...]]:
    """Codes under which the values at a position are sent."""
    if not misspelt:
        return lambda _: codes

    def names(position: int) -> tuple[str, ...]:
        return tuple(
            wrong_code(code) if code in misspelt and misspelt[code].start <= position < misspelt[code].stop else code
            for code in codes
        )

    return names


def _rows(
    series: FaultySeries, instrument: Instrument, window: tuple[datetime, datetime]
) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """Position, number and rounded values of the readings in the window; in blocks, since lists of floats are large."""
    ends = series.starts + instrument.cadence_s
    wanted = series.produced & (ends > window[0].timestamp()) & (ends <= window[1].timestamp())
    positions, numbers = np.flatnonzero(wanted), np.cumsum(series.produced)[wanted]
    for first in range(0, len(positions), _BLOCK):
        block = positions[first : first + _BLOCK]
        columns = [_rounded(code, series.values[code][block]) for code in instrument.parameters]
        yield from zip(
            block.tolist(), numbers[first : first + _BLOCK].tolist(), zip(*columns, strict=True), strict=True
        )


def _rounded(code: str, values: np.ndarray) -> list[float]:
    rounded: list[float] = (np.round(values, parameter(code).decimals) + 0.0).tolist()  # + 0.0 makes -0.0 a plain zero
    return rounded


def _by_position(status: dict[str, dict[int, str]]) -> dict[int, dict[str, str]]:
    turned: dict[int, dict[str, str]] = {}
    for code, letters in status.items():
        for position, letter in letters.items():
            turned.setdefault(position, {})[code] = letter
    return turned


def _city_code(name: str) -> str:
    for city in load_cities():
        if name.casefold() in {city.code, city.letters, city.name_en.casefold()}:
            return city.code
    known = ", ".join(f"{city.letters} {city.name_en}" for city in load_cities())
    msg = f"unknown city {name!r}, expected a code, or one of {known}"
    raise ValueError(msg)


def _only(station: Station, networks: set[NetworkCode]) -> Station:
    kept = tuple(item for item in station.instruments if item.network in networks)
    return msgspec.structs.replace(station, instruments=kept)
