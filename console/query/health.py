"""State of the network, read from the stores: blocking, called from threads only."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from alerts.channels.outage import MailState, mail_state
from console.query.last_seen import LastSeen
from console.view.completeness import (
    completeness,
    last_hour,
)
from console.view.health import network_health
from console.view.implausible import implausible_stations
from console.view.link import Rejected, StationHealth
from schemas.completeness import expected_of
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.error import StoreError, StoreUnavailableError
from store.settings import SettingsError
from store.state import ProcessState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    import pandas as pd

    from alerts.rules.silence import SilenceRule
    from console.view.link import Implausible
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from store.state import Process, StateStore

KEEP_S = 10.0
_WAIT_S = 10.0
"""So long a page waits for another one that reads the state of the network [s]."""
_WINDOW_H = 24
_LOOK_BACK = timedelta(hours=3)
_IMPLAUSIBLE_BACK = timedelta(hours=2)
"""Older signs do not count against a station."""

_log = structlog.get_logger(__name__)


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
        Batches held by the gate and not released.
    docs : bool
        Whether there are Data Docs.
    mail : MailState or None
        State of mail delivery.
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


class HealthQuery:
    """State of all stations, kept for a few seconds, so that many open pages ask the databases no more often than one.

    Attributes
    ----------
    open_cases : int
        As of the last reading.
    """

    def __init__(
        self, settings: SharedSettings, influx: InfluxStore, state: StateStore, threads: ThreadPoolExecutor
    ) -> None:
        self.open_cases = 0
        self._settings = settings
        self._network: Network = settings.stations
        self._influx = influx
        self._state = state
        self._threads = threads
        self._lock = threading.Lock()
        self._last_seen = LastSeen(influx, self._network)
        self._kept: tuple[float, HealthData | StoreError] | None = None

    def read(self) -> HealthData:
        """State of all stations, at most `KEEP_S` old; raises `store.error.StoreError`, which is kept as long."""
        if not self._lock.acquire(timeout=_WAIT_S):
            msg = f"the state of the network has been read for more than {_WAIT_S:.0f} s without an answer"
            raise StoreUnavailableError(msg)
        try:
            if self._kept is None or time.monotonic() - self._kept[0] > KEEP_S:
                found = self._read_or_error()
                self._kept = (time.monotonic(), found)
            kept = self._kept[1]
        finally:
            self._lock.release()
        if isinstance(kept, StoreError):
            raise type(kept)(str(kept)) from kept
        return kept

    def _read_or_error(self) -> HealthData | StoreError:
        """An error is kept as an answer, so that waiting callers share it."""
        try:
            return self._read_health(datetime.now(UTC))
        except StoreError as error:
            return error

    def _read_health(self, now: datetime) -> HealthData:
        codes = [str(code) for code in NetworkCode]
        lasts = self._threads.submit(self._last_seen.read)
        window = (floor_hour(now) - timedelta(hours=_WINDOW_H) - _LOOK_BACK, floor_hour(now))
        hourly = dict(
            zip(
                codes,
                self._threads.map(
                    lambda code: read_counts(self._influx, code, window, list(self._network.stations_of(code))), codes
                ),
                strict=True,
            )
        )
        last_starts = lasts.result()
        ends = [last_hour(list(frames.values())) for frames in hourly.values()]
        end = max((moment for moment in ends if moment is not None), default=None)
        ratios = {} if end is None else self._ratios(hourly, end)
        rejected, messages = self._read_balance(now)
        known = {station: count for station, count in rejected.items() if station in self._network.stations}
        self.open_cases = self._state.cases.count_open()
        return HealthData(
            rows=network_health(
                self._network,
                last_starts,
                now,
                rejected=known,
                completeness=ratios,
                doubts=self._implausible(now),
                silences=self._silences(),
            ),
            messages=messages,
            unassigned=sum(item.count for station, item in rejected.items() if station not in known),
            by_network=[(code, _mean(ratios, code)) for code in codes if any(self._network.stations_of(code))],
            completeness_end=end,
            read_at=now,
            held=len(self._state.gate.list_held(only_blocking=True)),
            docs=data_docs(self._settings) is not None,
            mail=mail_state(self._state, now),
            processes=self._state.processes.list(),
        )

    def _silences(self) -> tuple[SilenceRule, ...]:
        """Rules on silence; none, and the defaults hold, where the file cannot be used (`skyground doctor` says why)."""
        from alerts.rules.rules import load_rules  # pandas and the analysis: not for the start
        from alerts.settings import alert_settings

        try:
            return load_rules(alert_settings(self._settings).rules).silences()
        except SettingsError as error:
            _log.warning("rules_cannot_be_read", detail=str(error))
            return ()

    def _ratios(
        self, hourly: Mapping[str, Mapping[str, pd.DataFrame]], end: datetime
    ) -> dict[tuple[str, str], float | None]:
        first = end - timedelta(hours=_WINDOW_H)
        return {
            (code, station.id): _ratio_since(frames.get(station.id), station, code, first)
            for code, frames in hourly.items()
            # of a network without any computed hour nothing is known, which is not 0 %
            if frames
            for station in self._network.stations_of(code)
            if station.late_window_h
        }

    def _read_balance(self, now: datetime) -> tuple[dict[str, Rejected], int | None]:
        rows = self._state.balance.read(floor_hour(now) - timedelta(hours=_WINDOW_H), now)
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

    def _implausible(self, now: datetime) -> dict[str, Implausible]:
        rows = self._state.balance.read(floor_hour(now) - _IMPLAUSIBLE_BACK, now)
        return implausible_stations(
            self._state.instruments.list(), self._state.findings.list(since=now - _IMPLAUSIBLE_BACK), rows
        )


def data_docs(settings: SharedSettings) -> Path | None:
    """Directory of the Great Expectations Data Docs; None until a gate has written them."""
    path = settings.run_dir / "data_docs"
    return path if (path / "index.html").is_file() else None


def read_counts(
    influx: InfluxStore, code: str, window: tuple[datetime, datetime], stations: Sequence[Station]
) -> dict[str, pd.DataFrame]:
    """Counts and completeness of the hours of a network by station id; of one station where only that is given."""
    parameters = sorted({item.parameter for own in stations for item in expected_of(own, code)})
    only = stations[0].id if len(stations) == 1 else None
    return influx.read_counts(code, *window, parameters, only) if parameters else {}


def _ratio_since(frame: pd.DataFrame | None, station: Station, code: str, first: datetime) -> float | None:
    if frame is None:
        return 0.0
    return completeness(frame, expected_of(station, code), first, first + timedelta(hours=_WINDOW_H))


def _mean(ratios: Mapping[tuple[str, str], float | None], code: str) -> float | None:
    found = [ratio for (network, _), ratio in ratios.items() if network == code and ratio is not None]
    return sum(found) / len(found) if found else None
