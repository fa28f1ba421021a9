"""From the raw log to stored transitions: read, decode, evaluate, store.

A position counts as passed when what was found up to it is stored. A snapshot is written every half minute and at the end, so a killed
watch reads at most that again; a transition that is found again is stored once. Of a longer backlog only the newest part is read
(`alerts.stream.follow.start_of`), and only fresh values raise alerts (`alerts.stream.fresh`): the rest is left to the pass over stored values.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from alerts.stream.core import Core, CoreMemory
from alerts.stream.every import Every
from alerts.stream.follow import CURSOR, LogFollower, collector_settings, start_of
from alerts.stream.heard import read_heard
from alerts.stream.record import Recorder
from alerts.stream.snapshot import WatchSnapshot, read_snapshot, write_snapshot
from schemas.alert import AlertState, EndReason
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.rules.baseline import Baselines
    from alerts.stream.configuration import Configuration
    from alerts.stream.follow import Start
    from schemas.alert import AlertTransition
    from store.rawlog import Position, RawLog
    from store.state import StateStore

BATCH = 500
"""Messages that are evaluated before their transitions are stored."""
LONG_BACKLOG = 500
"""Messages behind which a start is a catching up [1]. Project's choice."""
TICK_S, SILENCE_S, PROGRESS_S, SNAPSHOT_S = 1.0, 5.0, 10.0, 30.0
"""How often time passes, silence is looked for, extremes are recorded, and a snapshot is written [s]. Project's choice."""
_NOTHING_FRESH = timedelta(days=-3_650)
_log = structlog.get_logger(__name__)


class StepDone(NamedTuple):
    """What one step did: messages read, transitions stored, rules that raised, and whether the pass over stored values is to be done at once.

    ``is_caught_up``: this step reached the end of a backlog, all of which is left to that pass: a transition that is stored before hides earlier ones from it.
    """

    messages: int
    stored: list[AlertTransition]
    errors: list[str]
    is_left: bool = False
    is_caught_up: bool = False


class StreamReader:
    """Reads the log step by step; belongs to one thread.

    Parameters
    ----------
    current : Configuration
        Where it has changed, the core is rebuilt with what the old one remembers.
    log : RawLog
        Of the collector.
    state : StateStore
    baselines : Baselines
        Filled by the caller.
    now : datetime
        Aware; decides where a watch without snapshot and cursor begins.
    """

    def __init__(
        self,
        current: Configuration,
        log: RawLog,
        state: StateStore,
        baselines: Baselines,
        now: datetime,
    ) -> None:
        self._current, self._log, self._state, self._baselines = current, log, state, baselines
        self._directory = collector_settings(current.settings).rawlog_dir
        self._recorder = Recorder(state)
        self._recorder.news()
        self._tick, self._silence = Every(TICK_S), Every(SILENCE_S)
        self._progress, self._snapshot = Every(PROGRESS_S), Every(SNAPSHOT_S)
        snapshot = read_snapshot(self._directory)
        begin = start_of(log, snapshot, now)
        position = begin.position
        self._build(position, _memory_at(begin, snapshot))
        behind = log.count_after(position)
        self._is_catching_up = begin.is_ahead or behind > LONG_BACKLOG
        _log.info(
            "watch_follows", day=position.day.isoformat(), row=position.row, behind=behind, left_out=begin.is_ahead
        )

    def step(self, now: datetime) -> StepDone:
        """Read the next messages, at most `BATCH`, and store what they change; raises `StoreError`, then nothing may be read on.

        Parameters
        ----------
        now : datetime
            Aware; decides which values are fresh, and counts for hours and silence when the end of the log is reached.
        """
        if self._generation != self._current.generation:
            self._build(self._follower.position, self._core.memory())
        is_tick = self._tick.is_due()
        found: list[AlertTransition] = []
        if is_tick:  # before the readings, which are then evaluated from the newest state
            fresh_for = timedelta(minutes=self._current.settings.watch_fresh_min)
            self._core.move(now, _NOTHING_FRESH if self._is_catching_up else fresh_for)
            found += self._core.adopt(self._recorder.news())
        messages = self._follower.next(BATCH)
        for item in messages:
            if item.readings:
                found += self._core.observe(item.readings, item.message.received_at)
        if is_tick:
            found += self._pass_time(now, None if len(messages) < BATCH else messages[-1].message.received_at)
        found = without_withdrawn(found)
        stored = self._recorder.store(found) if found else []
        if len(stored) < len(found):
            stored += self._recorder.store(self._core.adopt(self._recorder.news()))
        self._keep_up()
        was_catching_up, is_left = self._is_catching_up, self._is_left(is_end=len(messages) < BATCH)
        is_caught_up = was_catching_up and not self._is_catching_up
        return StepDone(len(messages), stored, self._core.take_errors(), is_left, is_caught_up)

    def _is_left(self, *, is_end: bool) -> bool:
        """Whether old values were taken, or the end of the backlog is reached."""
        is_left = self._core.take_left()
        if is_end and self._is_catching_up:
            self._is_catching_up, is_left = False, True
            self._tick.again(0.0)
        return is_left

    def _keep_up(self) -> None:
        if self._progress.is_due():
            self._recorder.note_progress(self._core.open_machines())
        if self._snapshot.is_due():
            self.keep()

    def keep(self) -> None:
        """Write the snapshot, then move the cursor: until then the log keeps what the snapshot may need."""
        position = self._follower.position
        write_snapshot(self._directory, WatchSnapshot(position=position, memory=self._core.memory()))
        self._log.advance(CURSOR, position)

    def _build(self, position: Position, memory: CoreMemory | None) -> None:
        current = self._current
        self._generation = current.generation
        self._follower = LogFollower(collector_settings(current.settings), self._log, self._state, position)
        self._core = Core(
            current.rules,
            current.settings.stations,
            self._recorder.statuses,
            baselines=self._baselines,
            memory=memory,
        )
        self._is_heard = False

    def _pass_time(self, now: datetime, read_until: datetime | None) -> list[AlertTransition]:
        """Close hours, by the messages while there are more of them to read; silence is of the present, and decided at the end of the log."""
        found = self._core.close_hours(read_until or now)
        if read_until is None and self._silence.is_due() and self._may_be_silent(now):
            found += self._core.silences(now)
        return found

    def _may_be_silent(self, moment: datetime) -> bool:
        """Whether silence can be decided: before one begins, the database is asked what other collectors have stored."""
        begins = any(item.to_state is AlertState.FIRING for item in self._core.silent_now(moment))
        if self._is_heard and not begins:
            return True
        try:
            self._core.hear(read_heard(self._current.settings))
        except StoreError as error:
            _log.warning("silence_not_confirmed", detail=str(error))
            # alone with its log, a collector knows all that was sent
            return self._is_heard and not collector_settings(self._current.settings).mqtt_share
        self._is_heard = True
        return True


def _memory_at(begin: Start, snapshot: WatchSnapshot | None) -> CoreMemory | None:
    """What is still known where the watch begins: nothing behind a rewound cursor, and behind left-out messages only who was heard."""
    if snapshot is None or begin.position < snapshot.position:
        return None
    return CoreMemory(heard=snapshot.memory.heard) if begin.is_ahead else snapshot.memory


def without_withdrawn(found: Sequence[AlertTransition]) -> list[AlertTransition]:
    """Transitions without the alerts that a value raised which was replaced at once: no one needs to know of them."""
    kept: list[AlertTransition] = []
    for change in found:
        if change.reason is EndReason.INVALIDATED:
            begun = next((item for item in reversed(kept) if item.alert_key == change.alert_key), None)
            if begun is not None and begun.from_state is AlertState.OK and begun.at == change.at:
                kept.remove(begun)
                continue
        kept.append(change)
    return kept
