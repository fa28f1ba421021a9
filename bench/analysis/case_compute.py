"""Time of a case file without the store: 70 stations with 32 days of hours, and minutes of the last hours.

The event's hour is not complete, as when an alert begins: the case is computed from minutes. Further stations are copies of the seven
of a labelled event, farther out.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.assembly import case_file
from bench.analysis.labelled_case import case_input
from schemas.interval import Interval
from sensors.simulator.labelled import labelled_event

if TYPE_CHECKING:
    from analysis.case.case_input import CaseInput

SEEDS = range(70_000, 70_030)
"""Those whose parameter has minutes are taken."""
COPIES = 10
_APART_DEG = 0.02
_MINUTES = timedelta(minutes=20)


def province(given: CaseInput) -> CaseInput:
    """The case with ten times its stations, twenty minutes after its begin."""
    start, now = given.window.start, given.window.start + _MINUTES
    stations, hourly, minute = dict(given.stations), dict(given.hourly), dict(given.minute)
    for copy in range(1, COPIES):
        for name, item in given.stations.items():
            new = f"{name}-{copy}"
            away = _APART_DEG * copy
            place = {"lon": (item.lon or 0.0) + away, "lat": (item.lat or 0.0) - away}
            stations[new] = msgspec.structs.replace(item, id=new, **place)
            hourly[new], minute[new] = given.hourly[name], given.minute[name]
    return replace(
        given,
        stations=stations,
        hourly={name: frame[frame.index < start] for name, frame in hourly.items()},
        minute={name: frame[frame.index < now] for name, frame in minute.items()},
        window=Interval(start, now),
        now=now,
    )


def main() -> None:
    """Print one line of JSON."""
    seconds = []
    for seed in SEEDS:
        event = case_input(labelled_event(seed))
        if event.parameter not in event.minute[event.station.id]:
            continue
        given = province(event)
        begin = time.perf_counter()
        case_file(given, seed=seed)
        seconds.append(time.perf_counter() - begin)
    middle, most = (round(float(np.quantile(seconds, level)), 3) for level in (0.5, 0.95))
    figures = {
        "name": "case.compute",
        "value": most,
        "unit": "s",
        "p50": middle,
        "p95": most,
        "must": 1.0,
        "workload": f"{7 * COPIES} stations, minutes and 32 days of hours, {len(seconds)} events, seeds {SEEDS.start} to "
        f"{SEEDS.stop - 1}, without the store",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
