"""Exports as NetCDF after the CF conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from schemas.flag import Flag
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    HOURLY_COUNTS,
    HOURLY_FLOATS,
    REVIEW,
    REVISION,
    SEPARATOR,
    STATUS,
    STD,
    UNCERTAINTY,
)
from schemas.parameter import parameter
from schemas.review import ReviewCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from schemas.network import Station
    from store.archive.provenance import Provenance


_NO_NUMBER = float("nan")
_COUNTED = {COUNT: "valid native values in the mean of", REVISION: "revisions of the hour of"}
_SPREADS = {STD: "standard deviation", COMPLETENESS: "completeness", UNCERTAINTY: "standard uncertainty"}
_FLAG_MEANINGS = " ".join(flag.name.lower() for flag in Flag)
#: CF units where they are written otherwise than in the registry.
_CF_UNITS = {
    "ug/m3": "ug m-3",
    "mg/m3": "mg m-3",
    "ng/m3": "ng m-3",
    "degC": "degC",
    "m/s": "m s-1",
    "W/m2": "W m-2",
    "deg": "degree",
    "%": "percent",
}


def write_netcdf(
    path: Path, frames: Mapping[tuple[str, str], pd.DataFrame], stations: Mapping[str, Station], origin: Provenance
) -> None:
    """NetCDF-4 after CF-1.8; raises `ValueError` for an export without any value, which the format cannot hold."""
    if not any(len(frame) for frame in frames.values()):
        msg = "nothing to export in this interval"
        raise ValueError(msg)
    dataset = to_dataset(frames, stations, origin)
    encoding = {
        name: {"zlib": True}
        for name in dataset.data_vars
        if dataset[name].dtype.kind in "fi" and dataset[name].dims == ("series", "time")
    }
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def to_dataset(
    frames: Mapping[tuple[str, str], pd.DataFrame], stations: Mapping[str, Station], origin: Provenance
) -> xr.Dataset:
    """Dataset with dimensions ``series`` (station and instrument) and ``time``; times are interval starts, UTC."""
    import xarray as xr

    keys = sorted(frames)
    index = _all_times(frames)
    columns = list(dict.fromkeys(name for key in keys for name in map(str, frames[key].columns)))
    variables = {
        name.replace(SEPARATOR, "_"): _variable(name, [frames[key] for key in keys], index) for name in columns
    }
    places = [stations.get(station_id) for station_id, _ in keys]
    names = ["/".join(filter(None, (origin.network, *key))) for key in keys]
    coordinates = {
        "time": (
            "time",
            index.tz_localize(None).to_numpy(),
            {"standard_name": "time", "long_name": "start of the interval, UTC"},
        ),
        "series_id": (
            "series",
            names,
            {"cf_role": "timeseries_id", "long_name": "network, station, and instrument where any"},
        ),
        "lon": (
            "series",
            [_number(place.lon if place else None) for place in places],
            {"standard_name": "longitude", "units": "degrees_east"},
        ),
        "lat": (
            "series",
            [_number(place.lat if place else None) for place in places],
            {"standard_name": "latitude", "units": "degrees_north"},
        ),
        "alt": (
            "series",
            [_number(place.altitude_m if place else None) for place in places],
            {"standard_name": "altitude", "units": "m", "positive": "up", "axis": "Z"},
        ),
    }
    history = f"{origin.created} {origin.software}: {origin.query}"
    attributes = {
        "Conventions": "CF-1.8",
        "featureType": "timeSeries",
        "history": history,
        "license": origin.licence,
        "processing_level": origin.level,
        **{name: text for name, text in (("network", origin.network), ("comment", origin.note)) if text},
    }
    return xr.Dataset(variables, coordinates, attributes)


def _all_times(frames: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DatetimeIndex:
    indexes = [frame.index for frame in frames.values() if len(frame)]
    joined = indexes[0]
    for index in indexes[1:]:
        joined = joined.union(index)
    return pd.DatetimeIndex(joined)


def _variable(
    name: str, frames: list[pd.DataFrame], index: pd.DatetimeIndex
) -> tuple[tuple[str, str], object, dict[str, object]]:
    import numpy as np

    code, _, kind = name.partition(SEPARATOR)
    columns = [frame[name].reindex(index) if name in frame else pd.Series(np.nan, index=index) for frame in frames]
    attributes: dict[str, object] = {"coordinates": "lon lat alt series_id"}
    if name.endswith(STATUS):
        texts = [[value if isinstance(value, str) else "N" for value in column] for column in columns]
        return (
            ("series", "time"),
            np.array(texts, dtype=object),
            {"long_name": f"instrument status of {code}, letters of HJ 212-2017", **attributes},
        )
    if name.endswith(FLAG):
        values = np.stack([column.fillna(Flag.MISSING).to_numpy(dtype=np.int8) for column in columns])
        described = {
            "flag_values": np.array([int(flag) for flag in Flag], dtype=np.int8),
            "flag_meanings": _FLAG_MEANINGS,
        }
        return (
            ("series", "time"),
            values,
            {"long_name": f"QARTOD flag of {code}", "standard_name": "quality_flag", **described, **attributes},
        )
    if name.endswith(REVIEW):
        reach = np.stack([column.fillna(0).to_numpy(dtype=np.int8) for column in columns])
        described = {
            "flag_values": np.array([int(one) for one in ReviewCode], dtype=np.int8),
            "flag_meanings": " ".join(one.name.lower() for one in ReviewCode),
        }
        return ("series", "time"), reach, {"long_name": f"state of review of {code}", **described, **attributes}
    if name.endswith(tuple(_SPREADS)):
        spread = np.stack([column.to_numpy(dtype=np.float64) for column in columns])
        return ("series", "time"), spread, _spread_attributes(code, kind) | attributes
    if name.endswith((COUNT, REVISION)):
        counts = np.stack([column.fillna(0).to_numpy(dtype=np.int32) for column in columns])
        return (
            ("series", "time"),
            counts,
            {"long_name": f"{_COUNTED[SEPARATOR + kind]} {code}", "units": "1", **attributes},
        )
    assert not kind
    stacked = np.stack([column.to_numpy(dtype=np.float64) for column in columns])
    return ("series", "time"), stacked, _described(code, frames) | attributes


def _spread_attributes(code: str, kind: str) -> dict[str, object]:
    known, words = parameter(code), _SPREADS[SEPARATOR + kind]
    unit = "1" if SEPARATOR + kind == COMPLETENESS else _CF_UNITS.get(known.unit, known.unit)
    return {"long_name": f"{words} of {code}", "units": unit}


def _described(code: str, frames: list[pd.DataFrame]) -> dict[str, object]:
    known = parameter(code)
    attributes: dict[str, object] = {"long_name": known.name_en, "units": _CF_UNITS.get(known.unit, known.unit)}
    if known.cf_standard_name:
        attributes["standard_name"] = known.cf_standard_name
    suffixes = (*HOURLY_COUNTS, *HOURLY_FLOATS, STATUS, REVIEW)
    companions = [code + suffix for suffix in suffixes if any(code + suffix in frame for frame in frames)]
    if companions:
        attributes["ancillary_variables"] = " ".join(name.replace(SEPARATOR, "_") for name in companions)
    return attributes


def _number(value: float | None) -> float:
    return _NO_NUMBER if value is None else value
