"""Stations, hours and rises of the tests of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from analysis.case.event import EventRise
from schemas.network import Station

AT = datetime(2026, 5, 31, 6, tzinfo=UTC)
_KM_PER_DEG = 111.195


def station(name: str, east_km: float = 0.0, north_km: float = 0.0) -> Station:
    lon = 123.4 + east_km / _KM_PER_DEG / np.cos(np.radians(41.8))
    return Station(id=name, instruments=(), lon=lon, lat=41.8 + north_km / _KM_PER_DEG)


def line(*east_km: float) -> dict[str, Station]:
    """Stations ``a``, ``b``, ... from west to east."""
    return {name: station(name, east) for name, east in zip("abcdefgh", east_km, strict=False)}


def rise(
    place: str, parameter: str, hour: float, length: float = 4.0, *, score: float = 5.0, is_fall: bool = False
) -> EventRise:
    start = AT + timedelta(hours=hour)
    return EventRise(
        start=start,
        end=start + timedelta(hours=length),
        station_id=place,
        parameter=parameter,
        peak_at=start,
        score=score,
        ratio=2.0,
        is_fall=is_fall,
    )


def wind(speed_m_s: float, from_deg: float) -> pd.DataFrame:
    hours = pd.date_range(AT - timedelta(hours=24), periods=72, freq="h", name="start")
    return pd.DataFrame({"wind_speed": speed_m_s, "wind_direction": from_deg}, index=hours)


def history(days: int = 32, **usual: float) -> pd.DataFrame:
    """Hours with a daily cycle and noise, ending at midnight after ``AT``."""
    end = AT.replace(hour=0) + timedelta(days=1)
    index = pd.date_range(end - timedelta(days=days), end, freq="h", inclusive="left", name="start").as_unit("us")
    rng = np.random.Generator(np.random.PCG64(11))
    cycle = 1 + 0.5 * np.sin(np.asarray(index.hour) / 24 * 2 * np.pi)
    return pd.DataFrame(
        {name: value * cycle * np.exp(0.1 * rng.standard_normal(len(index))) for name, value in usual.items()},
        index=index,
    )
