"""What the pages and the API read, gathered from the stores: blocking, called from threads only.

The state of the whole network is kept for a few seconds, so that many open pages ask the database no more often than one.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from alerts.channels.outage import MailState, mail_state
from console.query.episodes import EpisodePage, EpisodeQuery, read_episode, read_episodes
from console.query.flag_reader import FlagReader
from console.query.last_seen import LastSeen
from console.view.alert import AlertHistory, matching
from console.view.completeness import (
    DayCompleteness,
    calendar,
    completeness,
    last_hour,
)
from console.view.health import InstrumentHealth, LinkState, Rejected, StationHealth, network_health, networks_of
from console.view.implausible import implausible_stations
from console.view.query import SeriesQuery, ValueLevel
from console.view.series import PlotSeries, contributors, hourly_series, native_series
from console.view.station import InstrumentValues, ReasonGroup, last_values
from qc.review.level2 import review_notes, reviewed
from schemas.alert import AlertState
from schemas.completeness import expected_count, expected_of
from schemas.interval import Interval, floor_hour
from schemas.message import NetworkCode
from schemas.review import ACTIVE
from store.error import StoreError, StoreUnavailableError
from store.influx.store import Bucket
from store.state import ProcessState
from store.verdict import read_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from console.view.health import Implausible
    from console.view.part import QueryPart
    from schemas.flagged import Verdicts
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from store.state import Document, Process, StateStore

KEEP_S = 10.0
_WAIT_S = 10.0
"""So long a page waits for another one that reads the state of the network [s]."""
_WINDOW_H = 24
_LOOK_BACK = timedelta(hours=3)
_CALENDAR_DAYS = 30
_DOUBT_BACK = timedelta(hours=2)
"""Older signs do not count against a station."""
_QUARANTINE_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthData:
    """State of all stations at one moment.

    Attributes
    ----------
    messages : int or None
        Received since the start of the hour before this one; None where the collector has kept no balance.
    unassigned : int
        Quarantine entries of the last 24 h that name no known station.
    by_network : list of (network, ratio or None)
        Completeness over the stations of each network.
    completeness_end : datetime or None
        End of the 24 h they cover; None before the first hourly means.
    held : int
        Batches that the gate holds and nobody has released.
    docs : bool
        Whether there are Data Docs to look at.
    mail : MailState or None
        How the alert mails are doing.
    processes : list of Process
        Every process that is, or should be, running.
    """

    rows: list[StationHealth]
    messages: int | None
    unassigned: int
    by_network: list[tuple[str, float | None]]
    completeness_end: datetime | None
    read_at: datetime
    held: int = 0
    docs: bool = False
    mail: MailState | None = None
    processes: list[Process] = field(default_factory=list)

    @property
    def unwell(self) -> list[tuple[Process, ProcessState]]:
        """Processes that are gone or fail."""
        states = [(item, item.state(self.read_at)) for item in self.processes]
        return [(item, state) for item, state in states if state is not ProcessState.WELL]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPage:
    """What the page of a station shows; calendars by network."""

    row: StationHealth
    values: list[InstrumentValues]
    calendars: list[tuple[str, list[DayCompleteness]]]
    quarantine: list[ReasonGroup]


class Queries:
    """The stores as the console sees them.

    Parameters
    ----------
    settings : SharedSettings
    influx : InfluxStore
    state : StateStore
    """

    def __init__(self, settings: SharedSettings, influx: InfluxStore, state: StateStore) -> None:
        self.settings = settings
        self.network: Network = settings.stations
        self.influx = influx
        self.state = state
        self.open_alerts = 0
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="console-read")
        self._lock = threading.Lock()
        self._flags = FlagReader(influx, self._threads)
        self._last_seen = LastSeen(influx, self.network)
        self._health: tuple[float, HealthData | StoreError] | None = None

    @property
    def data_docs(self) -> Path | None:
        """Directory of the Great Expectations Data Docs; None until a gate has written them."""
        path = self.settings.run_dir / "data_docs"
        return path if (path / "index.html").is_file() else None

    def health(self) -> HealthData:
        """State of all stations, at most `KEEP_S` old; raises `store.error.StoreError`, which is kept as long."""
        if not self._lock.acquire(timeout=_WAIT_S):
            msg = f"the state of the network has been read for more than {_WAIT_S:.0f} s without an answer"
            raise StoreUnavailableError(msg)
        try:
            if self._health is None or time.monotonic() - self._health[0] > KEEP_S:
                found = self._health_or_error()
                self._health = (time.monotonic(), found)
            kept = self._health[1]
        finally:
            self._lock.release()
        if isinstance(kept, StoreError):
            raise type(kept)(str(kept)) from kept
        return kept

    def _health_or_error(self) -> HealthData | StoreError:
        """An error is an answer too: those who waited for it need not wait for one of their own."""
        try:
            return self._read_health(datetime.now(UTC))
        except StoreError as error:
            return error

    def _read_health(self, now: datetime) -> HealthData:
        codes = [str(code) for code in NetworkCode]
        lasts = self._threads.submit(self._last_seen.read)
        window = (floor_hour(now) - timedelta(hours=_WINDOW_H) - _LOOK_BACK, floor_hour(now))
        hourly = dict(zip(codes, self._threads.map(lambda code: self._counts(code, window), codes), strict=True))
        last_starts = lasts.result()
        ends = [last_hour(list(frames.values())) for frames in hourly.values()]
        end = max((moment for moment in ends if moment is not None), default=None)
        ratios = {} if end is None else self._ratios(hourly, end)
        rejected, messages = self._read_balance(now)
        known = {station: count for station, count in rejected.items() if station in self.network.stations}
        self.open_alerts = sum(
            1 for status in self.state.alerts.get_states().values() if status.state == AlertState.FIRING
        )
        return HealthData(
            rows=network_health(
                self.network, last_starts, now, rejected=known, completeness=ratios, doubts=self._doubts(now)
            ),
            messages=messages,
            unassigned=sum(item.count for station, item in rejected.items() if station not in known),
            by_network=[(code, _mean(ratios, code)) for code in codes if any(self.network.stations_of(code))],
            completeness_end=end,
            read_at=now,
            held=len(self.state.gate.list_held(only_blocking=True)),
            docs=self.data_docs is not None,
            mail=mail_state(self.state, now),
            processes=self.state.processes.list(),
        )

    def _counts(
        self, code: str, window: tuple[datetime, datetime], station: Station | None = None
    ) -> dict[str, pd.DataFrame]:
        """Counts and completeness of the hours of a network by station id."""
        stations = [station] if station else self.network.stations_of(code)
        parameters = sorted({item.parameter for own in stations for item in expected_of(own, code)})
        return self.influx.read_counts(code, *window, parameters, station.id if station else None) if parameters else {}

    def _ratios(
        self, hourly: Mapping[str, Mapping[str, pd.DataFrame]], end: datetime
    ) -> dict[tuple[str, str], float | None]:
        first = end - timedelta(hours=_WINDOW_H)
        return {
            (code, station.id): _ratio_since(frames.get(station.id), station, code, first)
            for code, frames in hourly.items()
            # of a network without any computed hour nothing is known, which is not 0 %
            if frames
            for station in self.network.stations_of(code)
            if station.late_window_h
        }

    def _read_balance(self, now: datetime) -> tuple[dict[str, Rejected], int | None]:
        rows = self.state.balance.read(floor_hour(now) - timedelta(hours=_WINDOW_H), now)
        reasons: dict[str, Counter[str]] = {}
        for row in rows:
            reasons.setdefault(row.station_id, Counter()).update(row.rejected)
        recent = [row.messages for row in rows if row.hour >= floor_hour(now) - timedelta(hours=1)]
        rejected = {
            station: Rejected(count=found.total(), top_reason=found.most_common(1)[0][0])
            for station, found in reasons.items()
            if found
        }
        return rejected, sum(recent) if rows else None

    def _doubts(self, now: datetime) -> dict[str, Implausible]:
        rows = self.state.balance.read(floor_hour(now) - _DOUBT_BACK, now)
        return implausible_stations(
            self.state.instruments.list(), self.state.findings.list(since=now - _DOUBT_BACK), rows
        )

    def station(self, station_id: str) -> StationPage | None:
        """Everything of one station's page; None where there is no such station."""
        station = self.network.stations.get(station_id)
        if station is None:
            return None
        health = self.health()
        row = next(item for item in health.rows if item.station.id == station_id)
        end = (
            floor_hour(health.read_at)
            if row.state is not LinkState.ARCHIVE or row.last_seen is None
            else floor_hour(row.last_seen)
        )
        values = list(self._threads.map(lambda item: self._last_values(station, item), row.instruments))
        calendars = list(
            self._threads.map(lambda code: (code, self._calendar(station, code, end)), networks_of(station))
        )
        return StationPage(
            row=row,
            values=[group for group in values if group is not None],
            calendars=calendars,
            quarantine=self._quarantine(station_id, health.read_at),
        )

    def _last_values(self, station: Station, item: InstrumentHealth) -> InstrumentValues | None:
        if item.last_seen is None:
            return None
        span = max(timedelta(hours=1), 2 * item.cadence)
        start, end = item.last_seen - span, item.last_seen + timedelta(seconds=1)
        native = self.influx.read_native(item.network, station.id, item.instrument_id, start, end)
        return last_values(item, native, self._verdicts(item.network, station.id, start, end))

    def _verdicts(self, network: str, station_id: str, start: datetime, end: datetime) -> Verdicts:
        return read_verdicts(self.influx, self.state, network, station_id, Interval(start, end))

    def _calendar(self, station: Station, code: str, end: datetime) -> list[DayCompleteness]:
        last_day = end.astimezone(self.network.timezone).date()
        first_day = last_day - timedelta(days=_CALENDAR_DAYS - 1)
        start = datetime.combine(first_day, datetime.min.time(), self.network.timezone).astimezone(UTC)
        counts = self._counts(code, (start, end + timedelta(hours=1)), station)
        expected, zone = expected_of(station, code), self.network.timezone
        return calendar(
            counts.get(station.id, _NO_HOURS), expected, zone=zone, first=first_day, days=_CALENDAR_DAYS, until=end
        )

    def _quarantine(self, station_id: str, now: datetime) -> list[ReasonGroup]:
        start = now - _QUARANTINE_BACK
        return [
            ReasonGroup(reason=reason, count=count, entries=tuple(newest))
            for reason, count, newest in self.state.quarantine.list_groups(station_id, start)
        ]

    def series(self, query: SeriesQuery) -> list[PlotSeries]:
        """Series of a query, in the order of its stations and parameters; parameters a station does not have are left out."""
        asked = [(self.network.stations[station], code) for station in query.stations for code in query.parameters]
        read = self._native_series if query.level is ValueLevel.NATIVE else self._hourly_series
        return [item for found in self._threads.map(lambda pair: read(query, *pair), asked) for item in found]

    def _hourly_series(self, query: SeriesQuery, station: Station, code: str) -> list[PlotSeries]:
        found: list[PlotSeries] = []
        for network in self._networks_with(station, code):
            hourly = self.influx.read_hourly(network, station.id, query.start, query.end, [code])
            flags = self.influx.read_flags(Bucket.HOURLY, network, query.start, query.end, station_id=station.id)
            if query.level is ValueLevel.REVIEWED:
                hourly, flags = self._reviewed(query, network, station.id, hourly, flags)
            counts = [
                expected_count(item.cadence_s) for item in expected_of(station, network) if item.parameter == code
            ]
            expected = max(counts, default=None)
            makers = contributors(station, network, code, Interval(query.start, query.end))
            found.append(
                hourly_series(station.id, code, hourly, flags, expected=expected, network=network, instruments=makers)
            )
        return found

    def _reviewed(
        self, query: SeriesQuery, network: str, station_id: str, hourly: pd.DataFrame, flags: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Hours at level L2, and what reviewers said of them in the place of the tests' flags."""
        reviews = self.state.reviews.list(
            network=network, stations=(station_id,), start=query.start, end=query.end, states=ACTIVE
        )
        level2 = reviewed(hourly, reviews, flags)
        return level2, review_notes(level2, reviews)

    def _native_series(self, query: SeriesQuery, station: Station, code: str) -> list[PlotSeries]:
        found: list[PlotSeries] = []
        for item in (instrument for instrument in station.instruments if code in instrument.parameters):
            network = str(item.network)
            native = self.influx.read_native(network, station.id, item.id, query.start, query.end, parameters=[code])
            verdicts = self._verdicts(network, station.id, query.start, query.end)
            found.append(
                native_series(
                    station.id,
                    item.id,
                    code,
                    native,
                    verdicts,
                    network=network,
                    cadence=timedelta(seconds=item.cadence_s),
                    since=item.since,
                    until=item.until,
                )
            )
        return found

    def _networks_with(self, station: Station, code: str) -> list[str]:
        return list(dict.fromkeys(str(item.network) for item in station.instruments if code in item.parameters))

    def last_times(self, stations: Sequence[str]) -> dict[str, datetime]:
        """End of the latest stored interval of each of the stations that have any."""
        return {
            row.station.id: row.last_seen for row in self.health().rows if row.station.id in stations and row.last_seen
        }

    def first_flags(self, query: SeriesQuery, limit: int) -> tuple[QueryPart, pd.DataFrame]:
        """Verdicts of the part of a query that holds ``limit`` of them at most, by time."""
        return self._flags.first(query, limit)

    def flag_parts(self, query: SeriesQuery) -> Iterator[pd.DataFrame]:
        """All verdicts of a query, in pieces by time."""
        return (frame for _, frame in self._flags.pieces(query))

    def alerts(self, query: EpisodeQuery) -> EpisodePage:
        """A page of episodes of alerts, open ones first, those of data sets in their own time included."""
        return read_episodes(self.state, query)

    def alert(self, transition_id: int) -> AlertHistory | None:
        """The episode that a transition belongs to; None where there is none."""
        return read_episode(self.state, transition_id)

    def attributions(self, episode: AlertHistory) -> list[Document]:
        """Attribution documents that may speak of an episode, newest first."""
        prefix = f"{episode.worst.station_id}/{episode.worst.parameter or ''}"
        return matching(self.state.documents.each("attribution", prefix=prefix), episode)

    def products(self, measurement: str, start: datetime, end: datetime) -> pd.DataFrame:
        """A product in ``[start, end)``, all stations."""
        return self.influx.read_product(measurement, start, end)


_NO_HOURS = pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="start"))


def _ratio_since(frame: pd.DataFrame | None, station: Station, code: str, first: datetime) -> float | None:
    if frame is None:
        return 0.0
    return completeness(frame, expected_of(station, code), first, first + timedelta(hours=_WINDOW_H))


def _mean(ratios: Mapping[tuple[str, str], float | None], code: str) -> float | None:
    found = [ratio for (network, _), ratio in ratios.items() if network == code and ratio is not None]
    return sum(found) / len(found) if found else None
