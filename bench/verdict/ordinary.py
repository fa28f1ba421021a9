"""Windows of a planned week in which nothing happens: a verdict on one of them should claim nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bench.verdict.case import Case, context_of
from bench.verdict.plan import FIRST_H
from bench.verdict.window import Window, has_release, is_faulty
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.verdict.week import PlannedWeek

KIND = "ordinary"
WINDOWS = 40
"""Windows of a week at most [1]; a week of haze and rain has fewer, or none."""
_TRIES = 4000
_LAST_H = 160
_LENGTHS_H = (1, 3, 6, 12)
_EVENTS = ("haze", "ozone", "rain")
_BEFORE, _AFTER, _CLEAR = timedelta(hours=12), timedelta(hours=24), timedelta(hours=36)
"""How far a window keeps from the weather's events, before and after them, and from releases and faults before it."""


def ordinary_cases(week: PlannedWeek) -> Iterator[Case]:
    """Up to `WINDOWS` windows at random channels and hours, without a release, a fault or an event of the whole region."""
    rng = generator(week.seed, "verdict-ordinary")
    channels = [
        (station, instrument, code)
        for station in week.stations
        for instrument in station.instruments
        for code in instrument.parameters
    ]
    found = 0
    for _ in range(_TRIES):
        station, instrument, code = channels[int(rng.integers(len(channels)))]
        start = week.start + timedelta(hours=int(rng.integers(int(FIRST_H), _LAST_H)))
        window = Window(station, instrument, code, start, start + timedelta(hours=int(rng.choice(_LENGTHS_H))))
        if window.end <= week.end and _is_ordinary(week, window):
            yield Case(week.seed, KIND, "", context_of(week, window), is_event=False)
            found += 1
        if found == WINDOWS:
            return


def _is_ordinary(week: PlannedWeek, window: Window) -> bool:
    events = [getattr(week.plan.world.events, name) for name in _EVENTS]
    if any(item and item.start - _BEFORE < window.end and item.end + _AFTER > window.start for item in events):
        return False
    longer = window._replace(start=window.start - _CLEAR)
    return not is_faulty(week, longer) and not has_release(week, longer)
