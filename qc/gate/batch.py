"""The batch that the gate evaluates: the hours of all stations of one network in one frame. Pure.

One row for each expected station and hour, stored or not, so that absent hours are visible.
Columns: `BASE_COLUMNS`, one a parameter that any station has reported (valid values only, NaN elsewhere), and the relations
between parameters where their parts are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import FLAG, parameters_in, valid_values
from schemas.parameter import parameter, parameters_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from schemas.network import Station

HOUR_S = 3600
_MICROSECONDS = 1e6
HOURS_SINCE_PREVIOUS = "hours_since_previous"
SECONDS_PAST_HOUR = "seconds_past_hour"
UNKNOWN_FLAGS = "unknown_flags"
UNKNOWN_COLUMNS = "unknown_columns"
SHARE_VALID = "share_valid"
AGE = "age_h"
BASE_COLUMNS = (
    "station_id",
    "start",
    HOURS_SINCE_PREVIOUS,
    SECONDS_PAST_HOUR,
    UNKNOWN_FLAGS,
    UNKNOWN_COLUMNS,
    SHARE_VALID,
    AGE,
)
BROKEN_LIMITS, BROKEN_LEVELS = "broken_limits", "broken_levels"
"""How many limits of columns, and of medians, the batch breaks: the same in every row, by `qc.gate.outcome.screen` [1]."""
PM_EXCESS = "pm25_excess"
NOX_RATIO = "nox_ratio"
DEW_POINT_EXCESS = "dew_point_excess"
COMPONENTS_EXCESS = "components_excess"
SHORT_WAVE_EXCESS = "short_wave_excess"
MIN_NOX_UG_M3 = 10.0
"""NOx at or below has no ratio of its parts [µg m⁻³]; project default."""
PM_RATIO, PM_DIFFERENCE_UG_M3 = 1.1, 10.0
"""PM2.5 may exceed PM10 by this factor [1] and difference [µg m⁻³]: the packaged limit of the test ``pm_inversion``, common practice, not verified."""
COMPONENTS_RATIO, COMPONENTS_DIFFERENCE_UG_M3 = 1.3, 5.0
"""The components may exceed PM2.5 by this factor [1] and difference [µg m⁻³]; project default, not verified."""
_COMPONENTS = ("sulfate", "nitrate", "ammonium", "oc", "ec")


def reporting_stations(stations: Iterable[Station], hourly: Mapping[str, pd.DataFrame]) -> list[Station]:
    """Stations that are expected in a batch: a data set keeps its own times and is expected only where it has hours."""
    return [item for item in stations if item.late_window_h or len(hourly.get(item.id, ()))]


def expected_parameters(stations: Sequence[Station], network: str) -> list[str]:
    """Parameters that the stations' instruments of a network are configured to report."""
    return list(
        dict.fromkeys(name for one in stations for item in one.instruments_of(network) for name in item.parameters)
    )


def make_batches(
    hourly: Mapping[str, pd.DataFrame],
    stations: Sequence[Station],
    network: str,
    spans: Sequence[tuple[datetime, datetime]],
) -> list[pd.DataFrame]:
    """A batch for each span; see `make_batch`."""
    return [
        make_batch(
            {name: frame[(frame.index >= start) & (frame.index < end)] for name, frame in hourly.items()},
            stations,
            network,
            start,
            end,
        )
        for start, end in spans
    ]


def make_batch(
    hourly: Mapping[str, pd.DataFrame], stations: Sequence[Station], network: str, start: datetime, end: datetime
) -> pd.DataFrame:
    """Batch of the hours of all stations.

    Parameters
    ----------
    hourly : mapping of str to DataFrame
        `schemas.frames` hourly by station id; may lack stations and hours.
    stations : sequence of Station
        Those expected to report.
    network : str
    start, end : datetime
        UTC, full hours, half-open.

    Returns
    -------
    DataFrame
        Without rows if no station has a single stored hour.
    """
    if not any(len(frame) for frame in hourly.values()):
        return pd.DataFrame({name: pd.Series(dtype=float) for name in BASE_COLUMNS})
    hours = pd.date_range(start, end, freq="h", inclusive="left", name="start", unit="us")
    parts = [
        _station(hourly.get(station.id, pd.DataFrame(index=hours[:0])), station, network, hours) for station in stations
    ]
    batch = pd.concat(parts, ignore_index=True)
    return _with_relations(batch)


def _station(frame: pd.DataFrame, station: Station, network: str, hours: pd.DatetimeIndex) -> pd.DataFrame:
    expected = _expected(station, network, hours)
    index = hours.union(pd.DatetimeIndex(frame.index)) if len(frame) else hours
    rows = frame.reindex(index)
    codes = parameters_in(frame)
    values = {code: valid_values(rows, code).to_numpy(dtype=float) for code in codes}
    valid = sum(
        (np.isfinite(values[code]).astype(int) for code in codes if code in expected), np.zeros(len(index), dtype=int)
    )
    steps = np.diff(index.asi8) / _MICROSECONDS / HOUR_S
    base = {
        "station_id": station.id,
        "start": index,
        HOURS_SINCE_PREVIOUS: np.concatenate(([np.nan], steps))[: len(index)],
        SECONDS_PAST_HOUR: index.minute * 60 + index.second,
        UNKNOWN_FLAGS: _unknown_flags(rows, codes),
        UNKNOWN_COLUMNS: len(set(codes) - {item.parameter for item in parameters_of(network)}),
        SHARE_VALID: valid / len(expected) if expected else np.nan,
        AGE: _age(index, valid, hours),
    }
    return pd.DataFrame({**base, **values})


def _expected(station: Station, network: str, hours: pd.DatetimeIndex) -> set[str]:
    """Parameters that must give a value every hour of the batch."""
    there = [
        item
        for item in station.instruments_of(network)
        if item.cadence_s <= HOUR_S
        and (item.since is None or item.since <= hours[0])
        and (item.until is None or item.until > hours[-1])
    ]
    return {code for item in there for code in item.parameters}


def _unknown_flags(rows: pd.DataFrame, codes: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    known = [int(flag) for flag in Flag]
    count = np.zeros(len(rows), dtype=np.int64)
    for name in [code + FLAG for code in codes if code + FLAG in rows]:
        count += (rows[name].notna() & ~rows[name].isin(known)).to_numpy()
    return count


def _age(index: pd.DatetimeIndex, valid: np.ndarray[tuple[int], np.dtype[np.int64]], hours: pd.DatetimeIndex) -> float:
    """Full hours without any valid value up to the end of the batch [h]; all of them if there is none."""
    if not (valid > 0).any():
        return float(len(hours))
    return float((hours[-1] - index[valid > 0][-1]) / pd.Timedelta(hours=1))


def _with_relations(batch: pd.DataFrame) -> pd.DataFrame:
    relations: dict[str, pd.Series] = {}
    if {"pm25", "pm10"} <= set(batch):
        relations[PM_EXCESS] = batch["pm25"] - (PM_RATIO * batch["pm10"] + PM_DIFFERENCE_UG_M3)
    if {"no", "no2", "nox"} <= set(batch):
        as_no2 = (parameter("no2").molar_mass_g_mol or np.nan) / (parameter("no").molar_mass_g_mol or np.nan)
        relations[NOX_RATIO] = (batch["no2"] + as_no2 * batch["no"]) / batch["nox"].where(batch["nox"] > MIN_NOX_UG_M3)
    if {"temperature", "dew_point"} <= set(batch):
        relations[DEW_POINT_EXCESS] = batch["dew_point"] - batch["temperature"]
    components = [code for code in _COMPONENTS if code in batch]
    if "pm25" in batch and components:
        most = COMPONENTS_RATIO * batch["pm25"] + COMPONENTS_DIFFERENCE_UG_M3
        relations[COMPONENTS_EXCESS] = batch[components].sum(axis=1, min_count=1) - most
    if {"sw_out", "global_radiation"} <= set(batch):
        relations[SHORT_WAVE_EXCESS] = batch["sw_out"] - batch["global_radiation"]
    return pd.concat([batch, pd.DataFrame(relations, index=batch.index)], axis=1)
