"""Exports as NetCDF after the CF conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
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
    from collections.abc import Iterable, Mapping
    from enum import IntEnum
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from schemas.network import Station
    from store.archive.provenance import Provenance


_NO_NUMBER = float("nan")
_COUNTED = {COUNT: "valid native values in the mean of", REVISION: "revisions of the hour of"}
_SPREADS = {STD: "standard deviation", COMPLETENESS: "completeness", UNCERTAINTY: "standard uncertainty"}
_CODED: Mapping[str, tuple[str, int, Iterable[IntEnum], dict[str, str]]] = {
    FLAG: ("QARTOD flag", Flag.MISSING, Flag, {"standard_name": "quality_flag"}),
    REVIEW: ("state of review", 0, ReviewCode, {}),
}
"""Columns of codes: name, code of an absent value, all codes, further attributes."""
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
    return xr.Dataset(variables, _coordinates(keys, stations, origin.network, index), _attributes(origin))


def _coordinates(
    keys: list[tuple[str, str]], stations: Mapping[str, Station], network: str, index: pd.DatetimeIndex
) -> dict[str, object]:
    places = [stations.get(station_id) for station_id, _ in keys]
    known = {
        "lon": (
            {"standard_name": "longitude", "units": "degrees_east"},
            [item.lon if item else None for item in places],
        ),
        "lat": (
            {"standard_name": "latitude", "units": "degrees_north"},
            [item.lat if item else None for item in places],
        ),
        "alt": (
            {"standard_name": "altitude", "units": "m", "positive": "up", "axis": "Z"},
            [item.altitude_m if item else None for item in places],
        ),
    }
    names = ["/".join(filter(None, (network, *key))) for key in keys]
    series_id = {"cf_role": "timeseries_id", "long_name": "network, station, and instrument where any"}
    time = {"standard_name": "time", "long_name": "start of the interval, UTC"}
    return {
        "time": ("time", index.tz_localize(None).to_numpy(), time),
        "series_id": ("series", names, series_id),
        **{name: ("series", list(map(_number, values)), stated) for name, (stated, values) in known.items()},
    }


def _attributes(origin: Provenance) -> dict[str, str]:
    return {
        "Conventions": "CF-1.8",
        "featureType": "timeSeries",
        "history": f"{origin.created} {origin.software}: {origin.query}",
        "license": origin.licence,
        "processing_level": origin.level,
        **{name: text for name, text in (("network", origin.network), ("comment", origin.note)) if text},
    }


def _all_times(frames: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DatetimeIndex:
    indexes = [frame.index for frame in frames.values() if len(frame)]
    joined = indexes[0]
    for index in indexes[1:]:
        joined = joined.union(index)
    return pd.DatetimeIndex(joined)


def _variable(
    name: str, frames: list[pd.DataFrame], index: pd.DatetimeIndex
) -> tuple[tuple[str, str], object, dict[str, object]]:
    columns = [frame[name].reindex(index) if name in frame else pd.Series(np.nan, index=index) for frame in frames]
    values, attributes = _contents(name, columns, frames)
    return ("series", "time"), values, {**attributes, "coordinates": "lon lat alt series_id"}


def _contents(
    name: str, columns: list[pd.Series], frames: list[pd.DataFrame]
) -> tuple[NDArray[Any], dict[str, object]]:
    """Values of a variable by series, and its attributes, by the kind of its column (`schemas.frames`)."""
    code, _, kind = name.partition(SEPARATOR)
    suffix = SEPARATOR + kind
    if suffix == STATUS:
        texts = [[value if isinstance(value, str) else "N" for value in column] for column in columns]
        return np.array(texts, dtype=object), {"long_name": f"instrument status of {code}, letters of HJ 212-2017"}
    if suffix in _CODED:
        words, missing, codes, more = _CODED[suffix]
        described = {
            "flag_values": np.array([int(one) for one in codes], dtype=np.int8),
            "flag_meanings": " ".join(one.name.lower() for one in codes),
        }
        return _stacked(columns, np.int8, missing), {"long_name": f"{words} of {code}", **more, **described}
    if suffix in _SPREADS:
        return _stacked(columns, np.float64), _spread_attributes(code, kind)
    if suffix in _COUNTED:
        return _stacked(columns, np.int32, 0), {"long_name": f"{_COUNTED[suffix]} {code}", "units": "1"}
    assert not kind
    return _stacked(columns, np.float64), _described(code, frames)


def _stacked(columns: list[pd.Series], kind: type[np.generic], missing: int | None = None) -> NDArray[Any]:
    filled = columns if missing is None else [column.fillna(missing) for column in columns]
    return np.stack([column.to_numpy(dtype=kind) for column in filled])


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
