"""The learnt detector on stored data: reads weeks of one station, judges, and writes the flags if asked.

Errors::

    store.error.StoreError    the store did not take the flags; run again
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

import qc.detector
from qc.detector.flagging import ANOMALY_TESTS, BACKGROUND_H, flag_sonde
from qc.detector.model_file import ModelFile
from qc.detector.scoring import ModelError
from qc.native.series import Stream
from qc.run.limits import thresholds_of
from qc.run.write import ResultWriter, save_flags
from qc.station.judge import RunContext
from qc.station.window import Window
from schemas.frames import concat_flags
from schemas.message import NetworkCode
from schemas.reason import parse_reason
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qc.detector.scoring import Model
    from qc.limits.thresholds import Thresholds
    from schemas.network import Station
    from store.settings import SharedSettings


PACKAGED = Path(qc.detector.__file__).with_name("anomaly_model.json.gz")


@cache
def load_model(path: Path = PACKAGED) -> ModelFile:
    """Read a model file.

    Raises
    ------
    ModelError
        If it is not there, or no model of this version; names the file.
    """
    try:
        return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=ModelFile)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        msg = f"{path}: {error}; expected a model made by skyground qc learn"
        raise ModelError(msg) from error


class AnomalyRun(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive suspicious values of one parameter with one reason.

    Attributes
    ----------
    first, last : datetime
        Starts of the first and the last value, UTC.
    count : int
        Values.
    reason : str
        English; of the first value.
    """

    station_id: str
    instrument_id: str
    parameter: str
    first: datetime
    last: datetime
    count: int
    reason: str


class AnomalySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one run found.

    Attributes
    ----------
    start, end : datetime
        Judged, UTC, half-open; a month before and after it was read where it is there.
    instruments, silent : int
        With and without any value.
    flags : dict of str to int
        Suspicious values by parameter.
    runs : tuple of AnomalyRun
    written : bool
    taken_back : int
        Earlier verdicts of the detector that no longer hold; 0 where nothing is written.
    """

    station_id: str
    start: datetime
    end: datetime
    instruments: int
    silent: int
    flags: dict[str, int]
    runs: tuple[AnomalyRun, ...]
    written: bool
    taken_back: int


@dataclass(frozen=True, slots=True)
class _Task:
    store: InfluxStore
    station: Station
    start: datetime
    end: datetime
    now: datetime


def run_anomaly(
    settings: SharedSettings, station_id: str, *, start: datetime, end: datetime, now: datetime, write: bool
) -> AnomalySummary:
    """Judge the water instruments of one station.

    Running again over the same span with the same data gives the same records; with ``write`` a verdict that no longer holds is replaced
    by PASS.

    Parameters
    ----------
    station_id : str
    start, end : datetime
        Aware, half-open.
    now : datetime
        Aware.
    write : bool
        Write the flags and a record of the run; else only report.

    Raises
    ------
    qc.detector.scoring.ModelError, qc.limits.load.ThresholdError, store.error.StoreError
    ValueError
        If the station is unknown or the span is empty.
    """
    station = settings.stations.stations.get(station_id)
    if station is None or start >= end:
        msg = f"unknown station {station_id!r}" if station is None else f"nothing between {start} and {end}"
        raise ValueError(msg)
    thresholds, model = thresholds_of(settings), load_model().model
    with closing(InfluxStore(settings)) as store:
        task = _Task(store, station, start, end, now)
        if not write:
            return _summary(task, *_judge(task, settings, thresholds, model))
        with (
            StateStore(settings.state_url) as state,
            state.runs.open(ANOMALY_TESTS[0], NetworkCode.ECO, start, end, thresholds.version) as current,
        ):
            flags, silent = _judge(task, settings, thresholds, model)
            window = Window(start, end, start, end)
            context = RunContext(NetworkCode.ECO, settings.stations.timezone, thresholds, window)
            writer = ResultWriter(store, state, context, current.id, (station_id,))
            back = save_flags(writer, Bucket.NATIVE, flags, {}, only=ANOMALY_TESTS)
            current.counts = {"flags": len(flags), "taken_back": back}
        return _summary(task, flags, silent, taken_back=back)


def _summary(task: _Task, flags: pd.DataFrame, silent: int, taken_back: int | None = None) -> AnomalySummary:
    """What was found; ``taken_back`` None: nothing was written."""
    instruments = list(task.station.instruments_of(NetworkCode.ECO))
    return AnomalySummary(
        station_id=task.station.id,
        start=task.start,
        end=task.end,
        instruments=len(instruments) - silent,
        silent=silent,
        flags=dict(Counter(flags["parameter"])),
        runs=tuple(_runs(flags, {item.id: item.cadence_s for item in instruments})),
        written=taken_back is not None,
        taken_back=taken_back or 0,
    )


def _judge(task: _Task, settings: SharedSettings, thresholds: Thresholds, model: Model) -> tuple[pd.DataFrame, int]:
    """Flags inside the span, and how many instruments have no value."""
    found = list(_by_instrument(task, settings, thresholds, model))
    return concat_flags([item for item in found if item is not None]), sum(item is None for item in found)


def _by_instrument(
    task: _Task, settings: SharedSettings, thresholds: Thresholds, model: Model
) -> Iterator[pd.DataFrame | None]:
    """Flags inside the span by instrument; None for one without values."""
    around = timedelta(hours=BACKGROUND_H)
    for item in task.station.instruments_of(NetworkCode.ECO):
        native = task.store.read_native(
            NetworkCode.ECO,
            task.station.id,
            item.id,
            task.start - around,
            min(task.end + around, task.now),
            item.parameters,
        )
        if native.empty:
            yield None
            continue
        stream = Stream(
            network=NetworkCode.ECO,
            station_id=task.station.id,
            instrument_id=item.id,
            cadence_s=item.cadence_s,
            zone=settings.stations.timezone,
        )
        flags = flag_sonde(native, stream, thresholds, model)
        yield flags if flags.empty else flags[(flags["start"] >= task.start) & (flags["start"] < task.end)]


def _message(stored: str) -> tuple[str, object]:
    reason = parse_reason(stored)
    return (stored, None) if reason is None else (reason.key, reason.figures.get("why"))


def _runs(flags: pd.DataFrame, cadence_s: dict[str, int]) -> Iterator[AnomalyRun]:
    """Consecutive values of one parameter; the figures of a reason may differ from value to value, its message may not."""
    for (instrument_id, code), group in flags.groupby(["instrument_id", "parameter"], sort=False):
        starts = pd.DatetimeIndex(group["start"])
        words = group["reason"].map(_message)
        apart = starts.to_series().diff() > pd.Timedelta(seconds=1.5 * cadence_s[str(instrument_id)])
        number = (apart.to_numpy() | (words != words.shift()).to_numpy()).cumsum()
        for _, part in group.groupby(number, sort=False):
            yield AnomalyRun(
                station_id=str(part["station_id"].iloc[0]),
                instrument_id=str(instrument_id),
                parameter=str(code),
                first=part["start"].iloc[0].to_pydatetime(),
                last=part["start"].iloc[-1].to_pydatetime(),
                count=len(part),
                reason=str(part["reason"].iloc[0]),
            )
