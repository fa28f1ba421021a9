"""Drift of one station against its references, and of all stations of a network. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.angle import rows_on_line
from qc.hourly.drift.drift import drift_of
from qc.hourly.drift.flagging import flag_drift
from schemas.flag import Flag
from schemas.frames import valid_values
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qc.hourly.drift.drift import DriftLimit
    from qc.limits.thresholds import Thresholds
    from schemas.network import Network


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """Drift of a station against its references, as the logarithm of the ratio: 0.1 is about 10 %.

    Attributes
    ----------
    references : tuple of str
        Stations whose median is the reference.
    days : int
        Days with enough pairs of hours.
    level, slope_per_day, slope_low, slope_high : float or None
        See `qc.hourly.drift.drift.Drift` [1]; None: too few days.
    limit : float
        Distance from the first days above which a day is SUSPECT [1].
    suspect_hours : int
    since : datetime or None
        First suspect hour, UTC.
    """

    network: str
    station_id: str
    parameter: str
    references: tuple[str, ...]
    days: int
    level: float | None
    slope_per_day: float | None
    slope_low: float | None
    slope_high: float | None
    limit: float
    suspect_hours: int
    since: datetime | None


class DriftRun(msgspec.Struct, frozen=True, kw_only=True):
    """Drift of all stations of a network.

    Attributes
    ----------
    stations : int
        With stored hours.
    drifting : tuple of str
        ``station/parameter`` with suspect hours.
    hours : int
        Suspect hours.
    taken_back : int
        Earlier flags that no longer hold.
    unevaluated : int
        Channels with a limit that had too few neighbours.
    """

    network: str
    start: datetime
    end: datetime
    stations: int
    drifting: tuple[str, ...]
    hours: int
    taken_back: int
    unevaluated: int


def references_of(
    network: Network, code: str, station_id: str, parameter: str, asked: Sequence[str]
) -> tuple[str, ...]:
    """Stations that one is compared with, each once: those asked for, else all others that measure the parameter.

    Parameters
    ----------
    network : Network
    code : str
        Of the network of instruments.
    station_id, parameter : str
    asked : sequence of str
        Station ids.

    Raises
    ------
    ValueError
        If the station or a reference does not measure the parameter, there is no reference, or the station is its own.
    """
    measuring = [
        station.id
        for station in network.stations.values()
        if any(parameter in item.parameters for item in station.instruments_of(code))
    ]
    absent = [name for name in (station_id, *asked) if name not in measuring]
    if absent:
        msg = f"no instrument of {code} at {', '.join(dict.fromkeys(absent))} measures {parameter!r}"
        raise ValueError(msg)
    if station_id in asked:
        msg = f"station {station_id} cannot be its own reference"
        raise ValueError(msg)
    chosen = tuple(dict.fromkeys(asked)) or tuple(name for name in measuring if name != station_id)
    if not chosen:
        msg = f"no other station of {code} measures {parameter!r}"
        raise ValueError(msg)
    return chosen


def report_drift(
    hours: Mapping[str, pd.DataFrame],
    network: str,
    parameter: str,
    limit: DriftLimit,
    span: tuple[datetime, datetime],
) -> DriftReport:
    """Compare a station's hours with the median of its references at the same hours.

    Parameters
    ----------
    hours : mapping of str to DataFrame
        `schemas.frames` hourly by station id: first the station, then its references; only valid values count.
    network, parameter : str
    limit : DriftLimit
    span : (datetime, datetime)
        Aware, half-open; the first days are the baseline.
    """
    station_id, *references = hours
    own, reference = _compared(list(hours.values()), parameter, span)
    flags, drift = drift_of(own, reference, limit)
    suspect = np.flatnonzero(flags == Flag.SUSPECT)
    return DriftReport(
        network=network,
        station_id=station_id,
        parameter=parameter,
        references=tuple(references),
        days=drift.blocks,
        level=_finite_or_none(drift.level),
        slope_per_day=_finite_or_none(drift.slope_per_day),
        slope_low=_finite_or_none(drift.slope_low),
        slope_high=_finite_or_none(drift.slope_high),
        limit=limit.suspect,
        suspect_hours=suspect.size,
        since=own.index[suspect[0]].to_pydatetime() if suspect.size else None,
    )


def evaluate_network(
    hours: Mapping[str, pd.DataFrame],
    thresholds: Thresholds,
    network: str,
    span: tuple[datetime, datetime],
    month: int,
) -> tuple[DriftRun, pd.DataFrame]:
    """Flags of drift of all stations of a network, and their summary.

    Parameters
    ----------
    hours : mapping of str to DataFrame
        `schemas.frames` hourly by station id.
    thresholds : Thresholds
    network : str
    span : (datetime, datetime)
        Full hours, UTC, half-open.
    month : int
        Civil month whose limits hold.
    """
    grid = pd.date_range(*span, freq="h", inclusive="left", name="start", unit="us")
    whole = {name: frame.reindex(grid) for name, frame in hours.items()}
    flags, unevaluated = flag_drift(whole, thresholds, network=network, month=month)
    summary = DriftRun(
        network=network,
        start=span[0],
        end=span[1],
        stations=len(hours),
        drifting=tuple(sorted({f"{row.station_id}/{row.parameter}" for row in flags.itertuples()})),
        hours=len(flags),
        taken_back=0,
        unevaluated=len(unevaluated),
    )
    return summary, flags


def _compared(
    frames: Sequence[pd.DataFrame], parameter: str, span: tuple[datetime, datetime]
) -> tuple[pd.Series, pd.Series]:
    """Valid hours of the first station, and the median of the others at the same hours; NaN where there is none."""
    first, last = (moment.astimezone(UTC) for moment in span)
    hours = pd.date_range(first, last, freq="h", inclusive="left", unit="us")
    aligned = [
        valid_values(frame, parameter).reindex(hours) if len(frame) else pd.Series(np.nan, index=hours)
        for frame in frames
    ]
    table = pd.concat(aligned, axis=1)
    table[:] = rows_on_line(table.to_numpy(dtype=np.float64), known(parameter).period)
    reference: pd.Series = table.iloc[:, 1:].median(axis=1)
    return table.iloc[:, 0], reference


def _finite_or_none(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 5)
