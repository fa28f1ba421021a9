"""Episodes of real hours of Beijing with the wind of other days: a direction that is named there is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.case_input import CaseInput
from bench.analysis.labelled_case import ZONE
from qc.robust import MAD_TO_SIGMA
from schemas.geodesy import EARTH_RADIUS_KM
from schemas.interval import Interval
from schemas.message import NetworkCode
from schemas.network import Instrument, Station

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = ("pm25", "pm10", "so2", "no2", "co", "o3")
HOURS = 33 * 24
APART_H = 60 * 24
"""Least distance of the wind from the concentrations [h]."""
LAST_H, STRETCH_H = 72, 6
"""The episode is the highest stretch of the last hours, as of the simulated noise [h]."""
_COLUMNS = {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3", "WSPM": "wind_speed"}
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_TIME = ["year", "month", "day", "hour"]
_KNOWN = 0.8
_RING_KM = 4.0
_SIGMAS = 2.0


def read_beijing(folder: Path) -> dict[str, pd.DataFrame]:
    """Hours of each station, index UTC; CO stays in ug m⁻³."""
    found = {}
    for path in sorted(folder.glob("PRSA_Data_*.csv.gz")):
        table = pd.read_csv(path, usecols=[*_TIME, "wd", *_COLUMNS])
        starts = pd.to_datetime(table[_TIME]).dt.tz_localize(ZONE).dt.tz_convert("UTC")
        frame = table[list(_COLUMNS)].rename(columns=_COLUMNS)
        frame["wind_direction"] = table["wd"].map({name: 22.5 * number for number, name in enumerate(_POINTS)})
        found[path.name.split("_")[2].lower()] = frame.set_axis(pd.DatetimeIndex(starts, name="start").as_unit("us"))
    return found


def beijing_case(seed: int, stations: dict[str, pd.DataFrame]) -> CaseInput:
    """Draw a month, an episode in its last three days, and the wind of another month.

    The files hold no places: the stations are set on a ring of 4 km, so that a direction could be computed.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    length = min(len(frame) for frame in stations.values())
    while True:
        first, other = (24 * int(item) for item in rng.integers(0, (length - HOURS) // 24, 2))
        own, code = str(rng.choice(list(stations))), str(rng.choice(PARAMETERS))
        values = stations[own][code].iloc[first : first + HOURS]
        known = min(values.notna().mean(), values.iloc[-LAST_H:].notna().mean())
        if abs(first - other) >= APART_H and known >= _KNOWN:
            break
    window = _episode(values)
    frames = {
        name: _with_wind(frame.iloc[first : first + HOURS], frame.iloc[other : other + HOURS])
        for name, frame in stations.items()
    }
    placed = _placed(list(stations))
    return CaseInput(
        station=placed[own],
        parameter=code,
        stations=placed,
        hourly={name: frame[frame.index < window.end] for name, frame in frames.items()},
        minute={},
        window=window,
        now=window.end,
        zone=ZONE,
    )


def _with_wind(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: other[name].to_numpy() for name in ("wind_speed", "wind_direction")})


def _episode(values: pd.Series) -> Interval:
    """Highest stretch of the last three days, and the hours around it that are well above the history."""
    means = values.rolling(STRETCH_H, min_periods=STRETCH_H // 2).mean().to_numpy()[-LAST_H:-4]
    end = len(values) - LAST_H + int(np.nanargmax(means)) + 1
    series = values.to_numpy(dtype=float)
    before = series[: end - STRETCH_H]
    middle = np.nanmedian(before)
    above = np.nan_to_num(series) > middle + _SIGMAS * MAD_TO_SIGMA * np.nanmedian(np.abs(before - middle))
    first = end - STRETCH_H
    while first > 0 and above[first - 1]:
        first -= 1
    while end < len(above) and above[end]:
        end += 1
    index = pd.DatetimeIndex(values.index)
    return Interval(index[first].to_pydatetime(), index[end - 1].to_pydatetime() + timedelta(hours=1))


def _placed(names: list[str]) -> dict[str, Station]:
    lon, lat = 116.4, 39.9
    found = {}
    for number, name in enumerate(names):
        angle, away = 2 * np.pi * number / len(names), np.degrees(_RING_KM / EARTH_RADIUS_KM)
        instrument = Instrument(id="gas1", network=NetworkCode.GAS, cadence_s=3600, parameters=PARAMETERS)
        found[name] = Station(
            id=name,
            name_en=name.title(),
            instruments=(instrument,),
            lon=lon + away * float(np.sin(angle)) / float(np.cos(np.radians(lat))),
            lat=lat + away * float(np.cos(angle)),
        )
    return found
