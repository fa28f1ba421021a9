"""Figure ``event.grouping``: share of simulated events whose rises are one event, and share of events that mix two.

Two events are staged by moving the cluster of stations of a second plume so that it lies 20 km from that of the first, and its
hours so that both begin within two hours of each other. The weather of the two is not the same.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.event import Event, EventRise, event_at, events_in
from schemas.interval import Interval
from sensors.simulator.labelled import LabelledEvent, labelled_event
from sensors.simulator.labelled.event import LabelledKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.network import Station

SEEDS = range(1100, 1200)
"""Used for scoring only; developed on seeds 0 to 49."""
APART_KM = 20.0
PART = 0.5
"""A rise is the plume's if half of its deviation at its peak is."""
LEAST_SCORE = 4.0
_LEAD = timedelta(hours=6)
_KM_PER_DEG = 111.195


@dataclass(frozen=True, slots=True)
class Grouped:
    """One labelled event as it was grouped."""

    kind: LabelledKind
    true: int
    together: int
    alert: bool


def main(first: int = SEEDS.start, last: int = SEEDS.stop) -> None:
    """Print one line of JSON."""
    events = [labelled_event(seed) for seed in range(first, last)]
    found = [grouped(event) for event in events]
    seen = [item for item in found if item.true]
    plumes = [event for event in events if event.kind is LabelledKind.PLUME]
    mixed = [both for number, pair in enumerate(pairwise(plumes)) for both in staged(*pair, seed=first + number)]
    print(
        json.dumps(
            {
                "name": "event.grouping",
                "value": round(float(np.mean([item.true == item.together for item in seen])), 3),
                "unit": "1",
                "events": len(found),
                "with_rises": len(seen),
                "alert_in_it": round(float(np.mean([item.alert for item in seen])), 3),
                "rises_together": round(float(np.mean([item.together / item.true for item in seen])), 3),
                **{f"{kind}_in_one": share_of(seen, kind) for kind in LabelledKind if kind is not LabelledKind.NOISE},
                "pairs": len(plumes) - 1,
                "groups": len(mixed),
                "mixed": round(float(np.mean(mixed)), 3),
                "workload": f"labelled events of seven stations, and pairs of plumes {APART_KM:g} km apart",
                "seeds": f"{first} to {last - 1}; developed on 0 to 49",
            }
        )
    )


def share_of(seen: Iterable[Grouped], kind: LabelledKind) -> float | None:
    """Share of the events of a kind whose rises are one event."""
    chosen = [item.true == item.together for item in seen if item.kind is kind]
    return round(float(np.mean(chosen)), 3) if chosen else None


def grouped(event: LabelledEvent) -> Grouped:
    """Group the rises of one labelled event."""
    stations = {item.id: item for item in event.stations}
    found = events_in(stations, event.hourly, since=min(event.interval.start, event.window.start) - _LEAD)
    counts = [sum(is_true(event, rise) for rise in item.rises) for item in found]
    alert = event_at(found, event.station_id, event.parameter, event.window)
    most = max(counts, default=0)
    return Grouped(event.kind, sum(counts), most, bool(most) and found[counts.index(most)] is alert)


def staged(first: LabelledEvent, second: LabelledEvent, *, seed: int) -> list[bool]:
    """Of each event that holds rises of a plume: whether it holds those of both."""
    rng = np.random.Generator(np.random.PCG64(seed))
    other = moved(second, first, angle=float(rng.uniform(0, 2 * np.pi)), lag=timedelta(hours=int(rng.integers(-2, 3))))
    stations = {item.id: item for item in (*first.stations, *other.stations)}
    since = min(first.interval.start, other.interval.start) - _LEAD
    found = events_in(stations, first.hourly | other.hourly, since=since)
    held = [(holds(first, item), holds(other, item)) for item in found]
    return [all(pair) for pair in held if any(pair)]


def holds(truth: LabelledEvent, event: Event) -> bool:
    """Whether an event has a rise of the plume."""
    own = {item.id for item in truth.stations}
    return any(rise.station_id in own and is_true(truth, rise) for rise in event.rises)


def moved(event: LabelledEvent, near: LabelledEvent, *, angle: float, lag: timedelta) -> LabelledEvent:
    """The same event at other stations, so far from another one, and begun so long after it."""
    here, there = event.stations[0], near.stations[0]
    lat = (there.lat or 0.0) + APART_KM * np.cos(angle) / _KM_PER_DEG
    lon = (there.lon or 0.0) + APART_KM * np.sin(angle) / _KM_PER_DEG / np.cos(np.radians(there.lat or 0.0))
    width = np.cos(np.radians(here.lat or 0.0)) / np.cos(np.radians(lat))
    shift = near.interval.start + lag - event.interval.start

    def place(item: Station) -> Station:
        east, north = (item.lon or 0.0) - (here.lon or 0.0), (item.lat or 0.0) - (here.lat or 0.0)
        return msgspec.structs.replace(item, id=renamed(item.id), lon=float(lon + east * width), lat=float(lat + north))

    return LabelledEvent(
        seed=event.seed,
        stations=tuple(place(item) for item in event.stations),
        hourly=later(event.hourly, shift),
        minute={},
        station_id=renamed(event.station_id),
        parameter=event.parameter,
        window=Interval(event.window.start + shift, event.window.end + shift),
        kind=event.kind,
        interval=Interval(event.interval.start + shift, event.interval.end + shift),
        release=event.release,
        excess=later(event.excess, shift),
    )


def renamed(station_id: str) -> str:
    """Id of a station of the second event."""
    return f"other-{station_id}"


def later(frames: dict[str, pd.DataFrame], shift: timedelta) -> dict[str, pd.DataFrame]:
    """Frames of the second event, moved in time."""
    return {renamed(name): frame.set_axis(frame.index + shift) for name, frame in frames.items()}


def is_true(event: LabelledEvent, rise: EventRise) -> bool:
    """Whether a rise is the event's, by the truth."""
    if rise.is_fall:
        return False
    if event.kind is LabelledKind.PLUME:
        return is_of_plume(event, rise)
    if rise.start >= event.interval.end + timedelta(hours=1) or rise.end <= event.interval.start:
        return False
    if event.flaw is not None:
        return rise.station_id == event.flaw.station_id and rise.parameter in event.flaw.parameters
    return rise.parameter == ("pm25" if event.kind is LabelledKind.HAZE else "o3")


def is_of_plume(event: LabelledEvent, rise: EventRise) -> bool:
    """Whether the release makes half of the deviation of the peak."""
    excess = event.excess[rise.station_id]
    columns = [name for name in emitted(rise.parameter) if name in excess]
    hour = int(pd.DatetimeIndex(excess.index).get_indexer(pd.DatetimeIndex([pd.Timestamp(rise.peak_at).floor("h")]))[0])
    if not columns or hour < 0 or rise.score < LEAST_SCORE:
        return False
    value = event.hourly[rise.station_id][rise.parameter].to_numpy(dtype=float)[hour]
    added = excess[columns].to_numpy(dtype=float)[hour].sum()
    return bool(added >= PART * value * (1 - 1 / rise.ratio))


def emitted(parameter: str) -> Sequence[str]:
    """Species of a release that a parameter shows."""
    of = {"pm10": ("pm25", "coarse"), "no": ("nox",), "no2": ("nox",)}
    return of.get(parameter, (parameter,))


if __name__ == "__main__":
    main(*(int(item) for item in sys.argv[1:]))
