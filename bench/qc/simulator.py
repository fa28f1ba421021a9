"""Faults of the simulated province against the flags of the quality control: recall by kind, and false alarms.

Seventy stations, thirty days, several seeds; the checks run on the values alone, without a database. Prints one line of JSON a figure.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bench.qc.simulator_agreement import Agreement, score
from ingest.decode.validate import TIME_AHEAD_MAX
from qc.hourly.context import HourlyContext
from qc.hourly.drift.flagging import flag_drift
from qc.hourly.flagging import flag_hours
from qc.hourly.mean import aggregate, merge
from qc.native.coordinates import Coordinates
from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.run.limits import load_thresholds
from schemas.frames import STATUS, concat_flags
from schemas.parameter import parameter
from sensors.simulator.faults import FaultKind
from sensors.simulator.province import ZONE, Province

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds
    from schemas.network import Instrument, Station
    from sensors.simulator.faults import FaultySeries

SEEDS = (101, 102, 103)
"""None of them is used by a test, the demo, or for choosing a limit."""
START = datetime(2026, 10, 1, tzinfo=UTC)


def main() -> int:
    """Flag, score, print."""
    parser = argparse.ArgumentParser(prog="bench.qc.simulator")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    options = parser.parse_args()
    began = time.perf_counter()
    scores = [_score_seed(seed, timedelta(days=options.days)) for seed in options.seeds]
    for item in scores:
        sys.stderr.write("".join(f"missed: {words}\n" for words in item.missed))
    faults, found, alarms = Counter[str](), Counter[str](), Counter[str]()
    for item in scores:
        faults.update(item.faults)
        found.update(item.found)
        alarms.update(item.alarms)
    weeks = sum(item.station_weeks for item in scores)
    recall = {kind: round(found[kind] / count, 3) for kind, count in sorted(faults.items())}
    worst = min(recall.values())
    print(
        json.dumps(
            {
                "name": "qc.simulator",
                "value": worst,
                "unit": "1, recall of the worst kind",
                "vs": "must: recall 0.9 a kind, 0.5 false alarms a station-week; aim 0.97, 0.1",
                "ratio": round(worst / 0.9, 3),
                "workload": f"70 stations, {options.days} days, seeds {options.seeds}",
                "recall": recall,
                "faults": dict(faults),
                "false_alarms_a_station_week": round(sum(alarms.values()) / weeks, 3),
                "false_alarms_by_test": dict(alarms.most_common()),
                "seconds": round(time.perf_counter() - began, 1),
            }
        )
    )
    return 0


def _score_seed(seed: int, length: timedelta) -> Agreement:
    province = Province(seed, START, START + length)
    thresholds = load_thresholds()
    parts: list[pd.DataFrame] = []
    hours: dict[str, dict[str, pd.DataFrame]] = {}
    for station in province.stations:
        parts += _station_flags(province, station, thresholds, hours)
    for network, frames in hours.items():
        parts.append(flag_drift(frames, thresholds, network=network, month=START.month)[0])
    kinds = {item.value for item in FaultKind}
    faults = [item for item in province.truth().records if item.kind in kinds]
    return score(concat_flags(parts), faults, stations=len(province.stations), length=length)


def native_frame(series: FaultySeries, instrument: Instrument) -> pd.DataFrame:
    """What the database holds of a simulated instrument: readings ahead of their reception are refused by the ingest."""
    due = series.starts + instrument.cadence_s
    kept = series.produced & (series.stamped + instrument.cadence_s <= due + TIME_AHEAD_MAX.total_seconds())
    index = pd.DatetimeIndex(np.round(series.stamped[kept]).astype("datetime64[s]"), tz="UTC", name="start").as_unit(
        "us"
    )
    columns: dict[str, object] = {}
    for code in instrument.parameters:
        # as the station sends it
        columns[code] = np.round(series.values[code][kept], parameter(code).decimals)  # noqa: PD011 - a dict of arrays
        letters = series.status.get(code)
        if letters:
            column = np.full(len(series.starts), None, dtype=object)
            column[list(letters)] = list(letters.values())
            columns[code + STATUS] = column[kept]
    frame = pd.DataFrame(columns, index=index)
    return frame[~frame.index.duplicated(keep="last")].sort_index()


def _station_flags(
    province: Province, station: Station, thresholds: Thresholds, kept: dict[str, dict[str, pd.DataFrame]]
) -> list[pd.DataFrame]:
    """Flags of one station, native and hourly; its hours are kept for what compares stations."""
    zone, flags = ZoneInfo(ZONE), []
    place = (
        Coordinates(lon=station.lon, lat=station.lat) if station.lon is not None and station.lat is not None else None
    )
    for network in dict.fromkeys(item.network for item in station.instruments):
        parts = []
        for instrument in station.instruments_of(network):
            native = native_frame(province.series(station, instrument), instrument)
            stream = Stream.of(station.id, instrument, zone)
            flagged = flag_native(native, stream, thresholds)
            flags.append(flagged.records)
            hours = pd.date_range(province.start, province.end, freq="h", inclusive="left", name="start", unit="us")
            parts.append(aggregate(native, flagged.combined, hours, cadence_s=instrument.cadence_s))
        hourly = flag_hours(
            HourlyContext(merge(parts), thresholds, network=network, station_id=station.id, zone=zone, place=place)
        )
        flags.append(hourly.records)
        kept.setdefault(network.value, {})[station.id] = hourly.hourly
    return flags


if __name__ == "__main__":
    sys.exit(main())
