"""Queries of the pages and the API over the stores: blocking, called from threads only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from alerts.run.case_action import act
from console.query.alert_case import case_of_alert, collect_case, read_case_page, read_case_record
from console.query.case_file import list_case_files, read_case_episodes, read_case_file, read_file_of
from console.query.duty import DutyState, read_duty
from console.query.episodes import EpisodePage, EpisodeQuery, read_episode, read_episodes
from console.query.flag_reader import FlagReader
from console.query.health import HealthData, HealthQuery, data_docs, read_counts
from console.query.people import PeopleReader
from console.query.reports import list_reports, report_file
from console.view.completeness import (
    DayCompleteness,
    calendar,
)
from console.view.health import networks_of
from console.view.link import InstrumentHealth, LinkState, StationHealth
from console.view.series import PlotSeries, contributors, hourly_series, native_series
from console.view.station import InstrumentValues, ReasonGroup, last_values
from qc.review.level2 import review_notes, reviewed
from schemas.completeness import expected_count, expected_of
from schemas.interval import Interval, floor_hour, midnight
from schemas.review import ACTIVE
from store.archive.option import Level
from store.influx.store import Bucket
from store.recorded_flags import read_recorded_flags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alerts.case.action import ActionRequest
    from analysis.case.case_file import CaseFile
    from analysis.report.city.document import ReportFormat
    from analysis.report.stored_case import StoredCase
    from analysis.run.coanalysis.joint_pollution import CaseEpisode
    from analysis.run.forecast.history import IssueNote
    from console.query.alert_case import CasePage
    from console.query.case_file import CaseFileLookup
    from console.query.reports import ReportList
    from console.view.alert import AlertHistory
    from console.view.case_mail import CaseRecord
    from console.view.part import QueryPart
    from console.view.query import SeriesQuery
    from console.view.report import ReportQuery
    from schemas.alert_case import AlertCase
    from schemas.flagged import RecordedFlags
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from store.state import CaseQuery, StateStore

_CALENDAR_DAYS = 30
_QUARANTINE_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPage:
    """What the page of a station shows; calendars by network."""

    row: StationHealth
    values: list[InstrumentValues]
    calendars: list[tuple[str, list[DayCompleteness]]]
    quarantine: list[ReasonGroup]


class Queries:
    """The stores as the console sees them."""

    def __init__(self, settings: SharedSettings, influx: InfluxStore, state: StateStore) -> None:
        self.settings = settings
        self.network: Network = settings.stations
        self.influx = influx
        self.state = state
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="console-read")
        self._flags = FlagReader(influx, self._threads)
        self.people = PeopleReader(settings)
        self._health = HealthQuery(settings, influx, state, self._threads)

    @property
    def data_docs(self) -> Path | None:
        """Directory of the Great Expectations Data Docs; None until a gate has written them."""
        return data_docs(self.settings)

    @property
    def open_cases(self) -> int:
        """Open cases, as of the last reading of the network's state."""
        return self._health.open_cases

    def health(self) -> HealthData:
        """State of all stations, at most `console.query.health.KEEP_S` old; raises `store.error.StoreError`, which is kept as long."""
        return self._health.read()

    def station(self, station_id: str) -> StationPage | None:
        """Data of a station's page; None for an unknown station."""
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

    def _verdicts(self, network: str, station_id: str, start: datetime, end: datetime) -> RecordedFlags:
        return read_recorded_flags(self.influx, self.state, network, station_id, Interval(start, end))

    def _calendar(self, station: Station, code: str, end: datetime) -> list[DayCompleteness]:
        last_day = end.astimezone(self.network.timezone).date()
        first_day = last_day - timedelta(days=_CALENDAR_DAYS - 1)
        start = midnight(first_day, self.network.timezone)
        counts = read_counts(self.influx, code, (start, end + timedelta(hours=1)), [station])
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
        read = self._native_series if query.level is Level.NATIVE else self._hourly_series
        return [item for found in self._threads.map(lambda pair: read(query, *pair), asked) for item in found]

    def _hourly_series(self, query: SeriesQuery, station: Station, code: str) -> list[PlotSeries]:
        found: list[PlotSeries] = []
        for network in self._networks_with(station, code):
            hourly = self.influx.read_hourly(network, station.id, query.start, query.end, [code])
            flags = self.influx.read_flags(Bucket.HOURLY, network, query.start, query.end, station_id=station.id)
            if query.level is Level.REVIEWED:
                hourly, flags = self._reviewed(query, network, station.id, hourly, flags)
            counts = [
                expected_count(item.cadence_s) for item in expected_of(station, network) if item.parameter == code
            ]
            expected = max(counts, default=None)
            instruments = contributors(station, network, code, Interval(query.start, query.end))
            found.append(
                hourly_series(
                    station.id, code, hourly, flags, expected=expected, network=network, instruments=instruments
                )
            )
        return found

    def _reviewed(
        self, query: SeriesQuery, network: str, station_id: str, hourly: pd.DataFrame, flags: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Hours at level L2, with the reviewers' notes instead of the tests' flags."""
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

    def whole_case(self, case_id: str) -> CaseRecord | None:
        """The same with what the time series add, as a mail would state it now."""
        record = self.case(case_id)
        if record is None or record.case.merged_into is not None:
            return record
        return collect_case(record, self.influx, self.state, self.people, datetime.now(UTC))

    def duty(self) -> DutyState:
        """Who is on duty, and what waits to be sent; raises `store.error.StoreError`."""
        return read_duty(self.state, self.people, self.settings.run_dir / "rawlog", datetime.now(UTC))

    def case_page(self, query: CaseQuery) -> CasePage:
        """A page of cases, the open ones first."""
        return read_case_page(self.state, query)

    def case(self, case_id: str) -> CaseRecord | None:
        """A case with its steps and notices; None where there is none."""
        return read_case_record(self.state, self.network, case_id)

    def act(self, case_id: str, request: ActionRequest) -> AlertCase | None:
        """Do what a person asks for; None where there is no such case, raises `alerts.case.life.CaseStepError`."""
        return act(self.state, case_id, request, datetime.now(UTC))

    def case_of_alert(self, transition_id: int) -> str | None:
        """Id of the case of an alert; None where it has none."""
        return case_of_alert(self.state, transition_id)

    def file_of(self, case: AlertCase) -> CaseFileLookup:
        """The case file of a case, or what is known of its absence."""
        return read_file_of(self.state, self.network, case)

    def case_file(self, key: str) -> tuple[StoredCase, int] | None:
        """A case file by its key and the number of its versions; None where there is none."""
        return read_case_file(self.state, key)

    def case_episodes(self, case: CaseFile) -> tuple[CaseEpisode, ...]:
        """Joint episodes of PM2.5 and O3 that the event of a case file belongs to."""
        return read_case_episodes(self.state, case, self.network.timezone)

    def case_files(
        self,
        *,
        limit: int,
        station_id: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[StoredCase]:
        """Case files whose event begins in ``[start, end)``, the newest event first."""
        return list_case_files(self.state, station_id=station_id, start=start, end=end, limit=limit)

    def reports(self, query: ReportQuery, limit: int) -> ReportList:
        """Published reports, those of the latest period first."""
        return list_reports(self.state, query, limit)

    def report_file(self, key: str, version: int | None, form: ReportFormat) -> bytes | None:
        """A file of a published report; None where there is none."""
        return report_file(self.state, key, version, form)

    def products(self, measurement: str, start: datetime, end: datetime) -> pd.DataFrame:
        """A product in ``[start, end)``, all stations."""
        return self.influx.read_product(measurement, start, end)

    def issue_note(self, origin: str) -> IssueNote:
        """What was recorded of the forecast issued at an origin."""
        from analysis.run.forecast.history import read_note

        return read_note(self.state, origin)


_NO_HOURS = pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="start"))
