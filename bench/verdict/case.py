"""Cases with known truth for `qc.verdict`: of planned weeks, and of the province that the demo shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from bench.verdict import window as windows
from bench.verdict.window import Window, between
from qc.run.verdict import BEFORE
from qc.verdict.context import CaseContext
from schemas.frames import concat_flags
from schemas.interval import Interval
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from bench.verdict.week import PlannedWeek, Week

CLASSES = ("plume", "haze", "ozone", "washout", "step", "drift", "stuck", "spike", "calibration", "clock", "outage")
EVENTS = frozenset({"plume", "haze", "ozone", "washout"})
_MOST_PLUMES = 45


class Case(NamedTuple):
    """A case with its truth."""

    seed: int
    kind: str
    variant: str
    context: CaseContext
    is_event: bool


def planned_cases(week: PlannedWeek) -> Iterator[Case]:
    """All cases of one planned week.

    An event at a channel that is itself faulty at that time is left out, and so are a fault while a release is noticed and a
    slow drift during a haze: both would be true of it.
    """
    rng = generator(week.seed, "verdict-cases")
    for kind, variant, window in _events(week, rng):
        if not windows.is_faulty(week, window):
            yield _case(week, window, kind, variant)
    for flaw in week.plan.flaws:
        found = windows.fault_window(week, flaw, rng)
        if found is not None and not windows.has_release(week, found):
            yield _case(week, found, flaw.kind, flaw.variant)


def _events(week: PlannedWeek, rng: np.random.Generator) -> Iterator[tuple[str, str, Window]]:
    """Class, variant and channel of the events; a few channels of each release, so that no class outweighs the others."""
    plumes = [
        (release.kind, window) for release in week.plan.releases for window in windows.plume_windows(week, release, rng)
    ]
    for position in rng.permutation(len(plumes))[:_MOST_PLUMES]:
        variant, window = plumes[int(position)]
        if windows.is_unusual(week, window):
            yield "plume", variant, window
    for kind in windows.REGIONAL:
        yield from ((kind, window.code, window) for window in windows.regional_windows(week, kind, rng))


def province_cases(week: Week) -> Iterator[Case]:
    """All cases of a week of the province, by its truth; the plume for everything that it raises at the stations it reaches."""
    for record in week.truth.records:
        for window in windows.province_windows(week, record):
            kind = {"rain": "washout", "clock_jump": "clock"}.get(record.kind, record.kind)
            if kind not in EVENTS or not windows.is_province_faulty(week, window):
                yield _case(week, window, kind, "province")


def _case(week: Week, window: Window, kind: str, variant: str) -> Case:
    return Case(week.seed, kind, variant, context_of(week, window), kind in EVENTS)


def context_of(week: Week, window: Window) -> CaseContext:
    """What the store would have shown at the end of the case."""
    station, network, code = window.station, window.instrument.network.value, window.code
    first, last = pd.Timestamp(window.start).floor("h") - BEFORE, pd.Timestamp(window.end)
    stations = [item for item in week.stations if item.instruments_of(network)]
    hours = {name: between(frame, first, last) for name, frame in week.hours[network].items()}
    own = [item for item in station.instruments_of(network) if code in item.parameters]
    native = {
        item.id: between(week.native[station.id, item.id].filter([code, code + "__status"]), first, last)
        for item in own
    }
    return CaseContext(
        station=station,
        parameter=code,
        interval=Interval(window.start, window.end),
        hours=hours,
        stations=stations,
        met={name: between(frame, first, last) for name, frame in week.hours["met"].items()},
        met_stations=[item for item in week.stations if item.instruments_of("met")],
        flags=_flags(week, window, first),
        native=native.pop(window.instrument.id),
        cadence_s=window.instrument.cadence_s,
        instrument_id=window.instrument.id,
        twins=native,
        other_networks={
            name: between(frames[station.id], first, last)
            for name, frames in week.hours.items()
            if name != network and station.id in frames
        },
    )


def _flags(week: Week, window: Window, first: pd.Timestamp) -> pd.DataFrame:
    flags = concat_flags(week.flags[window.station.id])
    if flags.empty:
        return flags
    chosen = flags["parameter"].eq(window.code) & flags["network"].eq(window.instrument.network.value)
    chosen &= flags["start"].ge(first) & flags["start"].lt(window.end)
    # native flags of another instrument of the parameter are not about this one
    chosen &= flags["instrument_id"].isna() | flags["instrument_id"].eq(window.instrument.id)
    return flags[chosen]
