"""Stations and frames that several tests of the console build on."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from schemas.flagged import RecordedFlags
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def instrument(
    instrument_id: str = "gas1",
    *,
    network: str = "gas",
    cadence_s: int = 60,
    parameters: tuple[str, ...] = ("o3", "pm25"),
    **more: object,
) -> Instrument:
    return Instrument(id=instrument_id, network=network, cadence_s=cadence_s, parameters=parameters, **more)


def station(station_id: str = "a-1", *instruments: Instrument, **more: object) -> Station:
    fields: dict[str, object] = {
        "name_zh": "甲站",
        "name_en": "Alpha",
        "city": "210100",
        "lon": 123.4,
        "lat": 41.8,
        **more,
    }
    return Station(id=station_id, instruments=instruments or (instrument(),), **fields)


def network(*stations: Station) -> Network:
    return Network(zone="Asia/Shanghai", station_list=stations or (station(),))


def hours(count: int, *, end: datetime = NOW) -> pd.DatetimeIndex:
    return pd.date_range(end=pd.Timestamp(end) - pd.Timedelta(hours=1), periods=count, freq="1h", name="start")


def verdicts(native: pd.DataFrame, *, screened: bool = True) -> RecordedFlags:
    """Native records of a station; screened: at any time."""
    always = Interval(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    return RecordedFlags(native, flags(), (always,) if screened else ())


def flags(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        list(rows), columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"]
    )
