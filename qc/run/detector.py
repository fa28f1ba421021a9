"""The learnt detector on stored data: reads weeks of one station, evaluates them, and writes the flags if asked.

Errors::

    store.error.StoreError    the store did not take the flags; run again
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import qc.detector
from qc.detector.anomaly_run import AnomalySummary, flag_station, summarise
from qc.detector.flagging import ANOMALY_TESTS, BACKGROUND_H
from qc.detector.model_file import ModelFile
from qc.detector.scoring import ModelError
from qc.run.limits import thresholds_of
from qc.run.write import ResultWriter, save_flags
from qc.station.evaluation import RunContext
from qc.station.window import Window
from schemas.message import NetworkCode
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    import pandas as pd

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


def run_anomaly(
    settings: SharedSettings, station_id: str, *, start: datetime, end: datetime, now: datetime, write: bool
) -> AnomalySummary:
    """Evaluate the water instruments of one station.

    Running again over the same span with the same data gives the same records; with ``write`` a flag that no longer holds is replaced
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
    thresholds, zone, span = thresholds_of(settings), settings.stations.timezone, (start, end)
    evaluate = partial(
        flag_station, station=station, span=span, thresholds=thresholds, model=load_model().model, zone=zone
    )
    with closing(InfluxStore(settings)) as store:
        if not write:
            natives = _read(store, station, span, now)
            return summarise(evaluate(natives), station, span, streams=len(natives), taken_back=None)
        with (
            StateStore(settings.state_url) as state,
            state.runs.open(ANOMALY_TESTS[0], NetworkCode.ECO, *span, thresholds.version) as current,
        ):
            natives = _read(store, station, span, now)
            flags = evaluate(natives)
            context = RunContext(NetworkCode.ECO, zone, thresholds, Window(*span, *span))
            writer = ResultWriter(store, state, context, current.id, (station_id,))
            back = save_flags(writer, Bucket.NATIVE, flags, {}, only=ANOMALY_TESTS)
            current.counts = {"flags": len(flags), "taken_back": back}
        return summarise(flags, station, span, streams=len(natives), taken_back=back)


def _read(
    store: InfluxStore, station: Station, span: tuple[datetime, datetime], now: datetime
) -> dict[str, pd.DataFrame]:
    """Native values by instrument around the span; instruments without any are absent."""
    around = timedelta(hours=BACKGROUND_H)
    first, last = span[0] - around, min(span[1] + around, now)
    found = {
        item.id: store.read_native(NetworkCode.ECO, station.id, item.id, first, last, item.parameters)
        for item in station.instruments_of(NetworkCode.ECO)
    }
    return {name: frame for name, frame in found.items() if not frame.empty}
