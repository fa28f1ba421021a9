"""What the watch does with stored hours, in a thread next to its rounds: baselines of rules, and the pass that confirms or withdraws.

Pass and stream store transitions of the same alerts. The store decides (`state.alerts.follow`): a transition of the pass is stored only while
the alert is as the pass found it at its begin, so it undoes nothing that the stream stored meanwhile.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from alerts.run.baselines import load_baselines, load_gamma, report_gamma
from alerts.run.evaluation import WINDOW, EvaluationError, EvaluationScope, evaluate
from alerts.stream.background import BackgroundThread
from alerts.stream.every import Every
from alerts.stream.warm import warm_up
from ingest.process.complaint import complaint
from ingest.process.guard import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rules.baseline import Baselines
    from alerts.stream.configuration import Configuration

LOOK_S = 1.0
CONFIRM_S, BASELINES_S = 180.0, 43_200.0
"""How often stored hours are evaluated, and how often it is computed what is usual at the stations [s]. Project's choice."""
WARNINGS_S = 1_200.0
"""How often warning rules are evaluated, whose outcome changes by the hour [s]. Project's choice."""
RETRY_S = 30.0
"""Pause after a failure [s]. Project's choice."""
ASKED_S, SETTLE_S = 20.0, 2.0
"""Least time between two passes that the stream asks for, and how long such a pass waits for the collector to store the readings [s]. Project's choice."""
BACKLOG_S = 15.0
"""So long after a backlog the stream waits at most for the pass over stored values [s]. Project's choice."""
LONGEST_S = 1_800.0
"""Work that takes longer is complained about [s]. Project's choice."""


class StoredHoursThread(BackgroundThread):
    """Evaluates the stored hours of `WINDOW`: at the start, at intervals, and at once for changed rules or where `ask` was called; loads baselines.

    Parameters
    ----------
    current : Configuration
        Renewed by another thread.
    stop : threading.Event
    baselines : Baselines
        Filled here.
    after : callable
        Called with the number of transitions that were stored.

    Attributes
    ----------
    has_passed : bool
        Whether a pass has ended since the start, well or not.
    """

    def __init__(
        self, current: Configuration, stop: threading.Event, baselines: Baselines, after: Callable[[int], object]
    ) -> None:
        super().__init__("watch-stored-hours", stop, LOOK_S)
        self._current, self._baselines, self._after = current, baselines, after
        self._confirm, self._usual, self._warnings = Every(CONFIRM_S), Every(BASELINES_S), Every(WARNINGS_S)
        self._generation = current.generation
        self._is_warm = False
        self._begun_at: float | None = None
        self._asked_at: float | None = None
        self._passed_at = -ASKED_S
        self.has_passed = False
        self._is_evaluated = threading.Event()

    def evaluate_backlog(self) -> None:
        """Have stored values evaluated at once, and wait for that, for `BACKLOG_S` at most; may be called by one other thread."""
        self._is_evaluated.clear()
        self._asked_at, self._passed_at = monotonic(), -ASKED_S
        self._is_evaluated.wait(BACKLOG_S)

    def ask(self) -> None:
        """Have stored values evaluated within seconds; may be called by any thread."""
        if self._asked_at is None:
            self._asked_at = monotonic()

    def complaint(self) -> str:
        """That what is under way lasts too long; empty where all is well."""
        begun_at = self._begun_at
        passed_s = 0.0 if begun_at is None else monotonic() - begun_at
        return complaint("watch", "no_pass", lasts_s=passed_s) if passed_s > LONGEST_S else ""

    def look(self) -> None:
        """Do what is due."""
        self._begun_at = monotonic()
        self._warm_up()
        generation = self._current.generation
        is_changed, self._generation = generation != self._generation, generation
        now = datetime.now(UTC)
        if self._stop.is_set():
            return
        if self._confirm.is_due() or self._is_asked() or is_changed:
            self._pass(with_warnings=self._warnings.is_due() or is_changed)
        if (self._usual.is_due() or is_changed) and not self.attempt("baselines", partial(self._load, now)):
            self._usual.again(RETRY_S)
        self._begun_at = None

    def _is_asked(self) -> bool:
        asked_at, now = self._asked_at, monotonic()
        return asked_at is not None and now >= max(asked_at + SETTLE_S, self._passed_at + ASKED_S)

    def _pass(self, *, with_warnings: bool) -> None:
        asked_at, self._passed_at = self._asked_at, monotonic()
        if asked_at is not None and self._passed_at >= asked_at + SETTLE_S:
            self._asked_at = None  # before the values are read: what is asked for meanwhile is another pass
        if not self.attempt("evaluate", partial(self._evaluate, with_warnings=with_warnings)):
            self._confirm.again(RETRY_S)
            self._warnings.again(RETRY_S)
        self.has_passed = True
        if self._asked_at is None:
            self._is_evaluated.set()

    def _warm_up(self) -> None:
        """The first time only."""
        if self._is_warm:
            return
        self._is_warm = True
        try:
            warm_up(self._current.people, self._stop)
        except Exception as error:  # noqa: BLE001 - the first alert finds the same, and takes longer
            say("watch_not_warm", error)

    def _load(self, now: datetime) -> None:
        settings, rules = self._current.settings, self._current.rules
        self._baselines.replace(load_baselines(settings, rules, now))
        trained = load_gamma(settings, rules, now)
        self._baselines.replace_trained(trained)
        report_gamma(settings, rules, trained, now)

    def _evaluate(self, *, with_warnings: bool) -> None:
        now = datetime.now(UTC)
        scope = EvaluationScope(with_warnings=with_warnings, with_reports=False, is_wanted=self._is_wanted)
        try:
            stored = evaluate(self._current.settings, now - WINDOW, now, now, self._current.rules, scope=scope)
        except EvaluationError as error:
            if error.stored:
                self._after(error.stored)
            raise
        if stored:
            self._after(stored)

    def _is_wanted(self) -> bool:
        """Whether what is found still counts: with changed rules it is found again, or not."""
        return self._generation == self._current.generation and not self._stop.is_set()
