"""Queries of native tests outside runs: climatology of a record, order of arrival, marks of the detection limit.

It reads the store and the raw log and writes nothing.
"""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.native.arrival import arrival_test
from qc.native.climatology_record import derive_spans, limit_toml, not_evaluated
from qc.native.test.detection_limit import DetectionLimit, DetectionMark, detection_marks
from qc.run.limits import parse_thresholds, thresholds_of
from schemas.flag import Flag
from schemas.frames import valid_values
from schemas.message import TopicError, parse_topic
from schemas.parameter import parameter as known
from sensors.registry import decode
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemas.network import Network
    from schemas.reading import Reading
    from store.rawlog import RawLog
    from store.settings import SharedSettings

_BATCH = 5_000
_MICROSECONDS = 1_000_000


class ArrivalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Order in which the readings of one instrument arrived.

    Attributes
    ----------
    count : int
        Readings.
    backward, duplicate : int
        Readings whose time is before that of an earlier received one, and whose time was received before.
    first_backward, first_duplicate : datetime or None
        Start of the first such reading, UTC.
    """

    network: str
    station_id: str
    instrument_id: str
    count: int
    backward: int
    duplicate: int
    first_backward: datetime | None
    first_duplicate: datetime | None


def derive_climatology(
    settings: SharedSettings, station_id: str, parameter: str, start: datetime, end: datetime, *, widening: float
) -> str:
    """Spans by civil month and hour of the stored hours of a station, as a limit for ``thresholds.toml``.

    Parameters
    ----------
    settings : SharedSettings
    station_id, parameter : str
    start, end : datetime
        Aware, half-open; best whole years.
    widening : float
        See `qc.native.climatology_record.derive_spans`.

    Raises
    ------
    ValueError
        If the station has no such parameter, or no month and hour has a span; says why.
    qc.limits.load.ThresholdError
        If the limit could not be loaded again, which would be an error of this function.
    store.error.StoreError
    """
    station = settings.stations.stations[station_id]
    networks = dict.fromkeys(item.network.value for item in station.instruments if parameter in item.parameters)
    if not networks:
        msg = f"station {station_id!r} has no {parameter!r}"
        raise ValueError(msg)
    store = InfluxStore(settings)
    try:
        frames = [store.read_hourly(code, station_id, start, end) for code in networks]
    finally:
        store.close()
    values = pd.concat([valid_values(frame, parameter) for frame in frames if len(frame)] or [pd.Series(dtype=float)])
    local = pd.DatetimeIndex(pd.to_datetime(values.index, utc=True)).tz_convert(settings.stations.timezone)
    months, hours = local.month.to_numpy(dtype=np.int64), local.hour.to_numpy(dtype=np.int64)
    item, period = known(parameter), f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
    numbers = values.to_numpy(dtype=np.float64)
    spans = derive_spans(numbers, months, hours, widening=widening, period=item.period)
    count = int(values.notna().sum())
    if np.isnan(spans.with_width().low).all():
        why = "; ".join(not_evaluated(spans))
        msg = f"{station_id} {parameter}: {count} valid hours give no limit: {why}"
        raise ValueError(msg)
    source = f"derived from {count} hours of the station itself, {period}, widening {widening:g}"
    text = limit_toml(spans, parameter, item.unit, station_id=station_id, decimals=item.decimals, source=source)
    parse_thresholds(text, "the derived limit")
    return text


def read_arrivals(
    log: RawLog, network: Network, start: datetime, end: datetime, progress: Callable[[int], None] | None = None
) -> list[ArrivalOrder]:
    """Order in which readings were received, by instrument, from the raw log.

    Parameters
    ----------
    log : RawLog
    network : Network
    start, end : datetime
        Of reception, aware, half-open.
    progress : callable or None
        Called with the number of messages read so far.

    Raises
    ------
    store.error.RawLogError
    """
    times: dict[tuple[str, str, str], array[int]] = {}
    for reading in _readings(log, network, start, end, progress):
        key = (reading.network, reading.station_id, reading.instrument_id)
        began = round(reading.interval.start.timestamp() * _MICROSECONDS)
        times.setdefault(key, array("q")).append(began)
    return [_arrival(key, found) for key, found in sorted(times.items())]


def _readings(
    log: RawLog, network: Network, start: datetime, end: datetime, progress: Callable[[int], None] | None
) -> Iterator[Reading]:
    cursor, count = log.position_before(start), 0
    while batch := log.read(cursor, _BATCH):
        cursor, count = batch[-1].position, count + len(batch)
        for logged in batch:
            if not start <= logged.message.received_at < end:
                continue
            try:
                topic = parse_topic(logged.message.topic)
            except TopicError:
                continue
            yield from decode(logged.message, topic, network).readings
        if progress is not None:
            progress(count)
        if batch[-1].message.received_at >= end:
            return


def _arrival(key: tuple[str, str, str], found: array[int]) -> ArrivalOrder:
    times = np.frombuffer(found, dtype=np.int64).astype("datetime64[us]")
    backward, duplicate = (flags == Flag.SUSPECT for flags in arrival_test(times))
    firsts = [
        pd.Timestamp(times[int(np.argmax(where))], tz="UTC").to_pydatetime() if where.any() else None
        for where in (backward, duplicate)
    ]
    return ArrivalOrder(
        network=key[0],
        station_id=key[1],
        instrument_id=key[2],
        count=times.size,
        backward=int(backward.sum()),
        duplicate=int(duplicate.sum()),
        first_backward=firsts[0],
        first_duplicate=firsts[1],
    )


def marks_of(
    settings: SharedSettings, network: str, station_id: str, parameter: str, start: datetime
) -> dict[DetectionMark, int]:
    """Number of native values of an hour below the detection limit, by mark; empty without a limit.

    Parameters
    ----------
    settings : SharedSettings
    network, station_id, parameter : str
    start : datetime
        Of the hour, UTC.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
    """
    month = start.astimezone(settings.stations.timezone).month
    limit = thresholds_of(settings).find(DetectionLimit, parameter, network=network, station_id=station_id, month=month)
    if limit is None:
        return {}
    store, counts = InfluxStore(settings), np.zeros(len(DetectionMark), dtype=np.int64)
    end = start + timedelta(hours=1)
    try:
        for instrument in settings.stations.stations[station_id].instruments_of(network):
            if parameter in instrument.parameters:
                native = store.read_native(network, station_id, instrument.id, start, end, (parameter,))
                marks = detection_marks(native[parameter].to_numpy(dtype=np.float64), limit.limit)
                counts += np.bincount(marks, minlength=counts.size)
    finally:
        store.close()
    return {mark: int(counts[mark]) for mark in DetectionMark}
