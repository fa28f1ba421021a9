"""Results of the learnt detector at a station: flags of its sondes, joined to runs of consecutive values. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.detector.flagging import flag_sonde
from qc.native.series import Stream
from schemas.frames import concat_flags
from schemas.message import NetworkCode
from schemas.reason import parse_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from qc.detector.scoring import Model
    from qc.limits.thresholds import Thresholds
    from schemas.network import Station


class AnomalyRun(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive suspicious values of one parameter with one reason.

    Attributes
    ----------
    first, last : datetime
        Starts of the first and the last value, UTC.
    count : int
        Values.
    reason : str
        Stored reason of the first value.
    """

    station_id: str
    instrument_id: str
    parameter: str
    first: datetime
    last: datetime
    count: int
    reason: str


class AnomalySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one run over ``[start, end)``, UTC.

    `instruments` have a value, `silent` have none; `flags` has the number of suspicious values by parameter; `taken_back` counts earlier
    flags of the detector that no longer hold, 0 where nothing is written.
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


def flag_station(
    natives: Mapping[str, pd.DataFrame],
    station: Station,
    span: tuple[datetime, datetime],
    *,
    thresholds: Thresholds,
    model: Model,
    zone: ZoneInfo,
) -> pd.DataFrame:
    """Flags inside a span of the water instruments of a station.

    Parameters
    ----------
    natives : mapping of str to DataFrame
        `schemas.frames` native by instrument id, with up to a month before and after the span; instruments without a value are
        absent.
    station : Station
    span : (datetime, datetime)
        Aware, half-open.
    thresholds : Thresholds
    model : Model
    zone : ZoneInfo
        Of the civil months by which limits may change.

    Returns
    -------
    DataFrame
        `schemas.frames` flags.
    """
    found = []
    for item in station.instruments_of(NetworkCode.ECO):
        if item.id not in natives:
            continue
        flags = flag_sonde(natives[item.id], Stream.of(station.id, item, zone), thresholds, model)
        found.append(flags if flags.empty else flags[(flags["start"] >= span[0]) & (flags["start"] < span[1])])
    return concat_flags(found)


def summarise(
    flags: pd.DataFrame, station: Station, span: tuple[datetime, datetime], *, streams: int, taken_back: int | None
) -> AnomalySummary:
    """Summary of the flags of a station.

    Parameters
    ----------
    flags : DataFrame
        From `flag_station`.
    station : Station
    span : (datetime, datetime)
    streams : int
        Instruments with a value [1].
    taken_back : int or None
        Earlier flags that no longer hold [1]; None: nothing was written.
    """
    instruments = list(station.instruments_of(NetworkCode.ECO))
    return AnomalySummary(
        station_id=station.id,
        start=span[0],
        end=span[1],
        instruments=streams,
        silent=len(instruments) - streams,
        flags=dict(Counter(flags["parameter"])),
        runs=tuple(_runs(flags, {item.id: item.cadence_s for item in instruments})),
        written=taken_back is not None,
        taken_back=taken_back or 0,
    )


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
