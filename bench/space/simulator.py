"""The tests in space on simulated weeks, with and without the verdict's veto; one JSON line a figure.

``python -m bench.space.simulator``. The simulator's own faults hardly show in hours against other stations, so errors are
planted: 12 times a week one channel of a gas station reads 4 times too high for 6 hours. A flagged station-hour is a hit where a
planted error or a fault of that parameter touches it, else a false alarm; those at a station that the plume reaches, while
it does, are counted apart.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.verdict.week import Week, province_week
from bench.verdict.window import FAULTS
from qc.hourly.space.flagging import flag_space
from qc.run.limits import load_thresholds
from qc.verdict.context import CaseContext
from qc.verdict.verdict import evaluate_case
from qc.verdict.weight import VerdictRule
from schemas.frames import concat_flags
from schemas.interval import Interval

if TYPE_CHECKING:
    from datetime import datetime

SEEDS = (301, 302, 303, 304)
NETWORKS = ("gas", "met", "rad", "ghg")
PLANTED, LENGTH_H, FACTOR = 12, 6, 4.0
DAYS = 7
"""Length of a week [d]."""
CODES = ("pm25", "so2", "no2", "co")


def main() -> None:
    """Print hits, false alarms and what was spared, for all seeds together."""
    weeks = [province_week(seed) for seed in SEEDS]
    planted = [plant(week, seed) for week, seed in zip(weeks, SEEDS, strict=True)]
    for is_asked in (False, True):
        total = dict.fromkeys(("flagged", "hits", "planted_hits", "plume", "spared", "unevaluated", "stations"), 0)
        began = time.perf_counter()
        for week, wrong in zip(weeks, planted, strict=True):
            for network in NETWORKS:
                for name, count in _counted(week, network, wrong, is_asked=is_asked).items():
                    total[name] += count
        false = total["flagged"] - total["hits"]
        figures = {
            "name": "qc.space_simulator",
            "value": round(false / (total["stations"] * DAYS / 7), 3),
            "unit": "false station-hours a station-week",
            "verdict_asked": is_asked,
            "recall_of_planted": round(total["planted_hits"] / sum(map(len, planted)), 3),
            **total,
            "seconds": round(time.perf_counter() - began, 1),
            "workload": f"{len(SEEDS)} weeks, networks {' '.join(NETWORKS)}, seeds {SEEDS[0]} to {SEEDS[-1]}",
        }
        print(json.dumps(figures))


def plant(week: Week, seed: int) -> set[tuple[str, str, pd.Timestamp]]:
    """Make channels of gas stations wrong; returns the station-hours with a value that are."""
    rng = np.random.default_rng(seed)
    found = set()
    names = sorted(week.hours["gas"])
    for _ in range(PLANTED):
        name, code = names[rng.integers(len(names))], CODES[rng.integers(len(CODES))]
        frame = week.hours["gas"][name].copy()
        first = int(rng.integers(80, len(frame) - LENGTH_H))
        frame.loc[frame.index[first : first + LENGTH_H], code] *= FACTOR
        week.hours["gas"][name] = frame
        valid = frame[code].iloc[first : first + LENGTH_H].dropna()
        found |= {(name, code, start) for start in valid.index}
    return found


def _counted(
    week: Week, network: str, planted: set[tuple[str, str, pd.Timestamp]], *, is_asked: bool
) -> dict[str, int]:
    stations = [item for item in week.province.stations if item.instruments_of(network)]
    asked = _Asked(week, network)
    found = flag_space(
        week.hours[network],
        week.province.network(),
        network,
        thresholds=load_thresholds(),
        is_event=asked.is_event if is_asked else None,
    )
    keys = set(zip(found.records["station_id"], found.records["parameter"], found.records["start"], strict=True))
    return {
        "flagged": len(keys),
        "hits": sum(key in planted or _is_hit(week, *key) for key in keys),
        "planted_hits": len(keys & planted),
        "plume": sum(_is_plume(week, key[0], key[2]) for key in keys),
        "spared": found.exempted,
        "unevaluated": sum(found.unevaluated.values()),
        "stations": len(stations),
    }


def _is_hit(week: Week, station_id: str, code: str, start: pd.Timestamp) -> bool:
    return any(
        fault.kind.value in FAULTS
        and fault.station_id == station_id
        and fault.parameter in (None, code)
        and fault.interval.start < start + pd.Timedelta(hours=1)
        and max(fault.interval.end, fault.interval.start + pd.Timedelta(minutes=1)) > start
        for fault in week.province.faults
    )


def _is_plume(week: Week, station_id: str, start: pd.Timestamp) -> bool:
    return any(item.station_id == station_id and item.start <= start < item.end for item in week.truth.of_kind("plume"))


class _Asked:
    def __init__(self, week: Week, network: str) -> None:
        rule = load_thresholds().rule(VerdictRule)
        assert rule is not None
        self._week, self._network, self._rule = week, network, rule

    def is_event(self, station_id: str, parameter: str, start: datetime, end: datetime) -> bool:
        stations = [item for item in self._week.province.stations if item.instruments_of(self._network)]
        flags = concat_flags(self._week.flags[station_id])
        inside = flags["parameter"].eq(parameter) & flags["start"].ge(start) & flags["start"].lt(end)
        context = CaseContext(
            station=next(item for item in stations if item.id == station_id),
            parameter=parameter,
            interval=Interval(start, end),
            hours=self._week.hours[self._network],
            stations=stations,
            met=self._week.hours["met"],
            met_stations=[item for item in self._week.province.stations if item.instruments_of("met")],
            flags=flags[inside],
        )
        return evaluate_case(context, self._rule).log_odds > 0


if __name__ == "__main__":
    main()
