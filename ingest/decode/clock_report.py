"""States of clocks as the storing thread keeps them, and one finding for each station whose clock is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.decode.clock import WRONG
from ingest.process.guard import CaughtErrors, divide
from store.state import Clock, ClockState, Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

_REPORT_EVERY = timedelta(minutes=10)


class ClockReport:
    """Takes what `ingest.decode.clock.ClockScreen.hand_over` gives; ``caught`` gets what one instrument or station makes raise."""

    def __init__(self, settings: CollectorSettings, state: StateStore, caught: CaughtErrors | None = None) -> None:
        self._caught = caught or CaughtErrors()
        self._network = settings.stations
        self._state = state
        self._known: dict[tuple[str, str], ClockState] = {}
        self._waiting: dict[tuple[str, str], ClockState] = {}
        self._reported_at: dict[str, datetime] = {}
        if settings.clock_screen:
            self._load()

    def note_states(self, states: Sequence[ClockState]) -> None:
        """Take in what has changed."""
        self._waiting.update({(item.station_id, item.instrument_id): item for item in states})
        self._known.update(self._waiting)

    def note(self, now: datetime) -> None:
        """Store what has changed; raises `StoreError`, after which it waits for the next call."""
        if not self._waiting:
            return
        waiting = list(self._waiting.values())
        divide(self._state.instruments.note_clocks, waiting, self._set_aside)
        stations = sorted({item.station_id for item in waiting})
        divide(lambda part: self._report(part, now), stations, self._set_aside)
        self._waiting = {}

    def _set_aside(self, _: object, error: Exception) -> None:
        self._caught("clock", error)

    def _load(self) -> None:
        for item in self._state.instruments.list():
            station = self._network.stations.get(item.station_id)
            if station is not None and station.late_window_h:
                self._known[item.station_id, item.instrument_id] = ClockState(
                    network=item.network,
                    station_id=item.station_id,
                    instrument_id=item.instrument_id,
                    skew_s=item.skew_s,
                    clock=item.clock,
                    clock_since=item.clock_since,
                    held=item.held,
                )

    def _report(self, stations: Iterable[str], now: datetime) -> None:
        # from the database, since a finding may be of the process before this one, or of another collector
        known = {item.key: item for item in self._state.findings.list(kind=FindingKind.CLOCK)}
        wrong: dict[str, list[ClockState]] = {}
        for item in self._known.values():
            if item.clock in WRONG and (item.station_id, item.instrument_id) in self._network.instruments:
                wrong.setdefault(item.station_id, []).append(item)
        for station_id in stations:
            key = f"clock/{station_id}"
            if station_id not in wrong:
                self._reported_at.pop(key, None)
                if key in known and self._is_right_again(known[key]):
                    self._state.findings.drop(key)
            elif now - self._reported_at.get(key, now - _REPORT_EVERY) >= _REPORT_EVERY:
                self._reported_at[key] = now
                self._state.findings.report([_finding(key, station_id, wrong[station_id], now)])

    def _is_right_again(self, finding: Finding) -> bool:
        """Whether every instrument that a finding names is seen right here, or is in the network file no more."""
        keys = [(finding.station_id or "", name) for name in finding.facts.get("instruments", ())]
        there = [key for key in keys if key in self._network.instruments]
        return all(key in self._known and self._known[key].clock is Clock.RIGHT for key in there)


def _finding(key: str, station_id: str, wrong: list[ClockState], now: datetime) -> Finding:
    worst = max(wrong, key=lambda item: item.held)
    facts = {
        "clock": worst.clock.value,
        "skew_s": worst.skew_s,
        "held": sum(item.held for item in wrong),
        "instruments": [item.instrument_id for item in wrong],
    }
    return Finding(
        key=key,
        kind=FindingKind.CLOCK,
        station_id=station_id,
        facts=facts,
        first_at=min((item.clock_since for item in wrong if item.clock_since), default=now),
        last_at=now,
    )
