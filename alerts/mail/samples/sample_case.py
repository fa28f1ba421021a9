"""A made-up case file for the sample mails: three stations, three weeks of ordinary hours, and a rise from the south-west."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alerts.wording import word
from analysis.case.assembly import case_file
from analysis.case.case_input import CaseInput
from analysis.report.case_chart import case_chart
from analysis.report.stored_case import StoredCase
from schemas.flag import Flag
from schemas.frames import COUNT, FLAG
from schemas.interval import Interval
from schemas.message import NetworkCode
from schemas.network import Instrument, Station

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAYS, EVENT_H = 21, 4
LEVELS = {"pm25": 45.0, "pm10": 75.0, "so2": 12.0, "no2": 32.0, "co": 0.7}
RISE = {"pm25": 3.4, "pm10": 2.9, "so2": 4.2, "no2": 1.6, "co": 1.8}
"""Ratio to the usual level at the first station; the second gets a third of it, the third nothing."""
SHARES = (1.0, 0.33, 0.0)
PLACES = ((123.40, 41.80), (123.44, 41.83), (123.36, 41.84))


@cache
def sample_case(at: datetime, zone: ZoneInfo, threshold: float, name: str = "sample_station") -> StoredCase:
    """Case file of the sample station at ``at`` (UTC, whole hour), after four hours of the event; deterministic.

    ``name`` is the key of the stations' names in the catalogues of the mails.
    """
    stations = {item.id: item for item in (_station(number, name) for number in range(len(PLACES)))}
    frames = {name: _hours(at, number) for number, name in enumerate(stations)}
    own = stations["sample-01"]
    window = Interval(at - timedelta(hours=EVENT_H), at)
    given = CaseInput(
        station=own,
        parameter="pm25",
        stations=stations,
        hourly=frames,
        minute={},
        window=window,
        now=at,
        zone=zone,
    )
    case = case_file(given)
    chart = case_chart(
        own,
        "pm25",
        stations,
        hourly=frames,
        minute={},
        window=window,
        basis=case.basis,
        unit=case.peak.unit,
        threshold=threshold,
        zone=zone,
    )
    return StoredCase(case=case, chart=chart)


def _station(number: int, name: str) -> Station:
    lon, lat = PLACES[number]
    instrument = Instrument(id="gas1", network=NetworkCode.GAS, cadence_s=60, parameters=tuple(LEVELS))
    return Station(
        id=f"sample-{number + 1:02}",
        name_zh=word(name, "zh", number=number + 1),
        name_en=word(name, "en", number=number + 1),
        lon=lon,
        lat=lat,
        synthetic=True,
        instruments=(instrument,),
    )


def _hours(at: datetime, number: int) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(number))
    count = 24 * DAYS
    index = pd.date_range(end=at - timedelta(hours=1), periods=count, freq="h", name="start").as_unit("us")
    daily = 1 + 0.25 * np.sin(2 * np.pi * (np.arange(count) - count) / 24)
    columns: dict[str, object] = {}
    for code, level in LEVELS.items():
        values = level * daily * np.exp(0.12 * rng.standard_normal(count))
        values[-EVENT_H:] *= 1 + SHARES[number] * (RISE[code] - 1) * np.array([0.5, 0.8, 1.0, 1.05])
        columns |= {code: values.round(3), code + COUNT: 60, code + FLAG: np.int8(Flag.PASS)}
    turn = (225 + 12 * rng.standard_normal(count)) % 360
    columns |= {"wind_direction": turn.round(1), "wind_speed": (2 + rng.random(count)).round(2)}
    return pd.DataFrame(columns, index=index)
