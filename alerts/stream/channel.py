"""Values of one parameter of one instrument, or of a station's hours, and the alert keys that they concern. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from alerts.rules.incremental import OVER_RANGE, USABLE, Value
from ingest.process.guard import describe, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from alerts.stream.tracked import Tracked
    from schemas.alert import AlertTransition

NOTHING: tuple[AlertTransition, ...] = ()
PLACE = tuple[str, str]
"""Station id, and instrument id or nothing for an hour."""


class Channel:
    """Alert keys of one channel.

    ``low`` and ``high`` enclose the values that change nothing while ``is_watchful`` is False, so that most values cost two comparisons.

    Parameters
    ----------
    code : str
    place : tuple of (str, str)
        Station id and instrument id; the latter is empty for hours.
    physical : tuple of (float, float)
        Values outside raise nothing, but one above with status T (over range) counts as the upper bound.
    errors : list of str
        Takes what rules raise; shared by all channels.
    """

    __slots__ = (
        "_awake",
        "_errors",
        "_fixed",
        "_high",
        "_low",
        "_moving",
        "_place",
        "_resting",
        "_seen",
        "code",
        "high",
        "is_awake",
        "is_watchful",
        "low",
    )

    def __init__(self, code: str, place: PLACE, physical: tuple[float, float], errors: list[str]) -> None:
        self.code = code
        self.low, self.high = -math.inf, math.inf
        self.is_watchful = False
        self._place, self._errors = place, errors
        self._low, self._high = physical
        self._fixed: list[Tracked] = []
        self._moving: list[Tracked] = []
        self._awake: list[Tracked] = []
        self._resting: list[tuple[Callable[[str, datetime, datetime, float], bool], Tracked]] = []
        self.is_awake = False
        self._seen: datetime | None = None

    def add(self, tracked: Tracked) -> None:
        """Add a key."""
        tracked.on_turn.append(self.refresh)
        limit = tracked.fixed_limit
        if limit is None:
            self._moving.append(tracked)
        else:
            self._fixed.append(tracked)
            if tracked.is_above:
                self.high = min(self.high, limit)
            else:
                self.low = max(self.low, limit)
        self.refresh()

    def refresh(self) -> None:
        """Sort the keys by whether every value counts."""
        self._awake = [item for item in self._moving if item.is_awake]
        self._resting = [(item.is_quiet, item) for item in self._moving if not item.is_awake]
        self.is_awake = any(item.is_awake for item in self._fixed)
        self.is_watchful = self.is_awake or bool(self._moving)

    def observe(self, value: float, start: datetime, end: datetime, letter: str | None) -> Sequence[AlertTransition]:
        """What a value changes; one that is older than the last one, or not usable, changes nothing.

        One of the same time is the last one corrected (`Tracked.correct`).

        Parameters
        ----------
        value : float
            In the canonical unit.
        letter : str or None
            Status, HJ 212; None is N.
        """
        seen = self._seen
        if letter == OVER_RANGE and value > self._high:
            value = self._high  # a saturated instrument reads anything above it
        if (seen is not None and end < seen) or not self._low <= value <= self._high or letter not in USABLE:
            return NOTHING
        if end == seen:
            return self._correct(self._whole(value, start, end, letter))
        self._seen = end
        taking = self._taking(value, start, end)
        if not taking:
            return NOTHING
        found: list[AlertTransition] = []
        whole = self._whole(value, start, end, letter)
        for tracked in taking:
            self._take(tracked, tracked.take, whole, found)
        return found

    def _whole(self, value: float, start: datetime, end: datetime, letter: str | None) -> Value:
        return Value(self._place[0], self.code, start, end, value, self._place[1], letter == OVER_RANGE)

    def _taking(self, value: float, start: datetime, end: datetime) -> list[Tracked]:
        """The keys that a value concerns."""
        source, taking = self._place[1], self._awake[:]
        for is_quiet, item in self._resting:
            if not is_quiet(source, start, end, value):
                taking.append(item)
        if self.is_awake or value > self.high or value < self.low:
            taking += [item for item in self._fixed if item.is_awake or item.is_beyond_fixed(value)]
        return taking

    def _correct(self, value: Value) -> list[AlertTransition]:
        found: list[AlertTransition] = []
        for tracked in (*self._fixed, *self._moving):
            self._take(tracked, tracked.correct, value, found)
        return found

    def _take(
        self,
        tracked: Tracked,
        take: Callable[[Value], Sequence[AlertTransition]],
        value: Value,
        found: list[AlertTransition],
    ) -> None:
        """A rule that raises is reported, and the others are evaluated."""
        was_awake = tracked.is_awake
        try:
            found += take(value)
        except Exception as error:  # noqa: BLE001 - one rule must not hold up the others; logged and reported
            place = tracked.watch.subject.alert_key
            self._errors.append(f"{place}: {describe(error)}")
            say("alert_evaluation_failed", error, place=place)
        if tracked.is_awake is not was_awake:
            for refresh in tracked.on_turn:
                refresh()
