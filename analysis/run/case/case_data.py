"""Reads the data of a case: hours of a month and minutes around it, of the stations in reach. Reads only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.case_input import HISTORY, CaseInput
from analysis.case.kind.mark import letters_of
from analysis.receptor.neighbours import near
from analysis.run.gate_mask import held_hours, without_held
from schemas.frames import SEPARATOR, STATUS
from schemas.interval import Interval, floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.case.case_file import CaseFile
    from analysis.case.registry import Registry
    from qc.verdict.weight import VerdictRule
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore
    from store.state import HeldBatch, StateStore

NETWORKS = ("gas", "voc", "pm", "ghg", "met")
"""Networks of a case, in the order in which a parameter that two of them report is taken."""
REACH_KM = 30.0
"""[km] Stations this near are compared; project choice."""
MOST_STATIONS = 12
SETTLED = timedelta(hours=12)
"""Hours after an event that are read: what comes later does not change its case file."""
MINUTES_BEFORE = timedelta(hours=6)
LONGEST_MINUTES = timedelta(hours=30)
"""Of a longer event the last minutes are read: its earlier hours are stored."""
THREADS = 4
SLOWEST_S = 300
"""Instruments that report at least this often [s] count as minute data."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSources:
    """Where a run reads and writes; ``rule``: weights of the verdict on hours that quality control flagged."""

    influx: InfluxStore
    state: StateStore
    network: Network
    registry: Registry | None = None
    rule: VerdictRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseData:
    """Data of the stations in reach of one station, that one first; frames by station id.

    Attributes
    ----------
    hourly : dict of str to DataFrame
        ``schemas.frames``, all networks joined.
    minute : dict of str to DataFrame
        Plain columns of parameters by the minute.
    letters : dict of str to Series
        By parameter of the first station: letter of the instrument's status by minute, where it is not normal.
    held : list of HeldBatch
        Batches that the gate holds; their hours are left out.
    """

    stations: dict[str, Station]
    hourly: dict[str, pd.DataFrame] = field(default_factory=dict)
    minute: dict[str, pd.DataFrame] = field(default_factory=dict)
    letters: dict[str, pd.Series] = field(default_factory=dict)
    held: list[HeldBatch] = field(default_factory=list)

    def newest(self, station_id: str) -> datetime | None:
        """End of the newest hour or minute of a station."""
        ends = [
            pd.Timestamp(frame.index[-1]).to_pydatetime() + step
            for frame, step in ((self.hourly.get(station_id), HOUR), (self.minute.get(station_id), MINUTE))
            if frame is not None and len(frame)
        ]
        return max(ends, default=None)


def in_reach(station: Station, network: Network) -> dict[str, Station]:
    """The station and those within `REACH_KM`, the nearest first."""
    nearby = near(station, network.stations, radius_km=REACH_KM)
    return {station.id: station} | {item.id: item for item, _, _ in nearby[: MOST_STATIONS - 1]}


def read_case_data(sources: CaseSources, station: Station, window: Interval, now: datetime) -> CaseData:
    """Everything that a case of a station may need, in one query a network for hours and one for minutes.

    Parameters
    ----------
    sources : CaseSources
    station : Station
    window : Interval
        The event, or the time in which one is looked for.
    now : datetime
        Later data are not read.
    """
    stations = in_reach(station, sources.network)
    end = min(now, window.end + SETTLED)
    start = floor_hour(window.start) - HISTORY
    held = [
        item
        for item in sources.state.gate.list_held(start=start, end=end, only_blocking=True)
        if item.network in NETWORKS
    ]
    minutes = Interval(max(window.start - MINUTES_BEFORE, end - LONGEST_MINUTES), end)
    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        # the database answers the one while the other is parsed
        asked = {
            code: threads.submit(_read_hours, sources.influx, code, stations, Interval(start, end)) for code in NETWORKS
        }
        read = threads.submit(_read_minutes, sources.influx, stations, minutes, held)
        frames = without_held({code: item.result() for code, item in asked.items()}, held)
        minute, letters = read.result()
        return CaseData(
            stations=stations, hourly=join_networks(frames, stations), minute=minute, letters=letters, held=held
        )


def make_input(
    data: CaseData,
    parameter: str,
    window: Interval,
    *,
    now: datetime,
    sources: CaseSources,
    past: Sequence[CaseFile],
) -> CaseInput:
    """Input of `case_file` for the first of the stations."""
    station = next(iter(data.stations.values()))
    newest = data.newest(station.id)
    return CaseInput(
        station=station,
        parameter=parameter,
        stations=data.stations,
        hourly=data.hourly,
        minute=data.minute,
        window=window,
        now=now if newest is None else min(now, newest),
        zone=sources.network.timezone,
        registry=sources.registry,
        past=past,
        letters=data.letters,
    )


def join_networks(
    frames: Mapping[str, Mapping[str, pd.DataFrame]], station_ids: Iterable[str]
) -> dict[str, pd.DataFrame]:
    """One hourly frame a station, of all its networks; a parameter of two networks is that of the first of `NETWORKS`."""
    found = {}
    for station_id in station_ids:
        parts = [frames[code][station_id] for code in NETWORKS if station_id in frames.get(code, {})]
        parts = [item for item in parts if not item.empty]
        if parts:
            found[station_id] = _side_by_side(parts)
    return found


def _side_by_side(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    known: set[str] = set()
    kept = []
    for part in parts:
        new = [name for name in map(str, part.columns) if name.split(SEPARATOR)[0] not in known]
        known |= {name.split(SEPARATOR)[0] for name in new}
        kept.append(part[new])
    return kept[0] if len(kept) == 1 else pd.concat(kept, axis=1).rename_axis("start").sort_index()


def _read_hours(
    store: InfluxStore, code: str, stations: Mapping[str, Station], span: Interval
) -> dict[str, pd.DataFrame]:
    names, wanted = measured_by(stations, code)
    return store.read_hourly_many(code, names, span.start, span.end, wanted) if names else {}


def measured_by(
    stations: Mapping[str, Station], code: str, *, slowest_s: int | None = None
) -> tuple[list[str], list[str]]:
    """Ids of the stations with instruments of a network, and all parameters of these."""
    names: list[str] = []
    wanted: dict[str, None] = {}
    for name, station in stations.items():
        instruments = [
            item for item in station.instruments_of(code) if slowest_s is None or item.cadence_s <= slowest_s
        ]
        if instruments:
            names.append(name)
            wanted |= dict.fromkeys(code for item in instruments for code in item.parameters)
    return names, list(wanted)


def _read_minutes(
    store: InfluxStore, stations: Mapping[str, Station], span: Interval, held: Sequence[HeldBatch]
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.Series]]:
    """Plain minute frames of the stations without held batches, all on the same index, and the status letters of the first station.

    Both are empty where none has fast instruments.
    """
    columns: dict[str, dict[str, pd.Series]] = {}
    letters: dict[str, pd.Series] = {}
    index = pd.date_range(floor_minute(span.start), span.end, freq="min", inclusive="left", name="start").as_unit("us")
    for code in NETWORKS:
        names, wanted = measured_by(stations, code, slowest_s=SLOWEST_S)
        found = store.read_native_many(code, names, span.start, span.end, wanted) if names else {}
        cadences = {
            (name, item.id): item.cadence_s
            for name in names
            for item in stations[name].instruments_of(code)
            if item.cadence_s <= SLOWEST_S
        }
        for key, frame in found.items():
            if key in cadences:
                own = columns.setdefault(key[0], {})
                if key[0] == next(iter(stations)):
                    letters = letters_of(frame, cadences[key], index) | letters
                is_free = ~held_hours(index, [item for item in held if item.network == code]).astype(bool)
                for name, values in _by_minute(frame, cadences[key], index).items():
                    own.setdefault(name, values.where(is_free))
    return {name: pd.DataFrame(columns[name], index=index) for name in stations if columns.get(name)}, letters


def _by_minute(frame: pd.DataFrame, cadence_s: int, index: pd.DatetimeIndex) -> dict[str, pd.Series]:
    """Values without a status of the instrument against them, each for the minutes of its interval."""
    minutes = max(1, round(cadence_s / 60))
    names = [name for name in map(str, frame.columns) if not name.endswith(STATUS)]
    values = frame[names].astype(float)
    for name in names:
        status = frame.get(name + STATUS)
        if status is not None:
            values[name] = values[name].where(status.isna() | status.isin(["", "N"]))
    values.index = pd.DatetimeIndex(frame.index).floor("min")
    values = (values if values.index.is_unique else values.groupby(level=0).last()).reindex(index)
    if minutes > 1:
        values = values.ffill(limit=minutes - 1)
    return {name: values[name] for name in names if np.isfinite(values[name].to_numpy()).any()}


def floor_minute(moment: datetime) -> datetime:
    """Start of the minute."""
    return moment.replace(second=0, microsecond=0)
