"""Figure ``coanalysis.year``: one year of 70 stations, all products of co-analysis, from hours in memory; seconds and peak memory.

Hours are simulated (seeded): gases, particles and weather at all stations of ten cities, 57 VOC species and PM2.5 components at ten. Reading and
writing the store are not part of it. A further product is one line in `_of_station` or `_of_places`.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.chemistry.hourly_product import hourly_chemistry
from analysis.chemistry.period_summary import chemistry_of
from analysis.chemistry.reactivity import hourly_ofp
from analysis.coanalysis.joint_summary import joint_summary
from analysis.coanalysis.product import joint_products
from analysis.coanalysis.relation import relation_of
from analysis.run.coanalysis.assessment import assessments, place_days
from analysis.run.hour_source import StationHours
from analysis.statistics.aqi_frame import daily_aqi, daily_statistics, hourly_aqi
from analysis.statistics.limit import POLLUTANT_OF
from analysis.statistics.variation import Cycle, variation
from bench.memory import resident_bytes
from schemas.interval import Interval
from schemas.network import Station
from schemas.parameter import parameters_of

ZONE = ZoneInfo("Asia/Shanghai")
STATIONS, CITIES, RICH = 70, 10, 10
HOURS = pd.date_range("2024-12-31T16:00", periods=8760, freq="h", tz="UTC", name="start")
SEED = 5
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
_COMPONENTS = (
    "sulfate",
    "nitrate",
    "ammonium",
    "chloride",
    "sodium_ion",
    "potassium_ion",
    "calcium_ion",
    "magnesium_ion",
    "oc",
    "ec",
)
_MEAN = {"so2": 12.0, "no2": 35.0, "co": 0.8, "o3": 70.0, "pm10": 80.0, "pm25": 42.0, "no": 8.0}
_WEATHER = {"temperature": 14.0, "relative_humidity": 55.0, "wind_speed": 2.2}


def main() -> int:
    """Print the figure."""
    hours = _province()
    period = Interval(HOURS[0].to_pydatetime(), (HOURS[-1] + pd.Timedelta(hours=1)).to_pydatetime())
    start = time.perf_counter()
    parts = {"stations": 0.0, "places": 0.0}
    for name, frame in hours.hourly.items():
        _of_station(name, frame, period)
    parts["stations"] = time.perf_counter() - start
    _of_places(hours)
    seconds = time.perf_counter() - start
    parts["places"] = seconds - parts["stations"]
    line = {
        "name": "coanalysis.year",
        "value": round(seconds, 1),
        "unit": "s",
        "peak_mb": round(resident_bytes(peak=True) / 1e6),
    }
    line |= {f"{name}_s": round(value, 1) for name, value in parts.items()}
    line["workload"] = (
        f"{STATIONS} stations of {CITIES} cities, {RICH} with VOC and components, {len(HOURS)} hours, seed {SEED}, one process"
    )
    print(json.dumps(line), flush=True)
    return 0


def _of_station(name: str, frame: pd.DataFrame, period: Interval) -> None:
    """All products of one station."""
    codes = frozenset(POLLUTANT_OF)
    statistics = daily_statistics(frame, ZONE)
    hourly_aqi(frame, ZONE, monitored=codes)
    daily_aqi(statistics, ZONE, monitored=codes)
    joint_products(frame, statistics, ZONE)
    for cycle in Cycle:
        for parameter in ("pm25", "o3"):
            variation(frame[parameter], ZONE, cycle)
    for quarter, part in frame.groupby(pd.DatetimeIndex(frame.index).tz_convert(ZONE).quarter):
        season = Interval(part.index[0].to_pydatetime(), part.index[-1].to_pydatetime())
        joint_summary(f"{name}/{quarter}", part, season, ZONE)
        relation_of(f"{name}/{quarter}", part, season, ZONE)
    if "oc" in frame:
        hourly_ofp(frame)
        hourly_chemistry(frame, ZONE)
        chemistry_of(name, frame, period, ZONE)


def _of_places(hours: StationHours) -> None:
    """Assessments of stations, cities and the whole, by month and year."""
    days = place_days(hours)
    for kind in ("station", "city", "all"):
        for by in ("month", "year"):
            assessments(days, kind, by, FIRST, LAST)


def _province() -> StationHours:
    rng = np.random.default_rng(SEED)
    species = [item.parameter for item in parameters_of("voc") if item.mir_g_g is not None][:57]
    hourly = {}
    for number in range(STATIONS):
        codes = (
            _MEAN | _WEATHER | (dict.fromkeys(species, 1.5) | dict.fromkeys(_COMPONENTS, 4.0) if number < RICH else {})
        )
        slow = np.exp(pd.Series(rng.normal(0.0, 1.0, len(HOURS))).ewm(halflife=18).mean().to_numpy() * 4.0)
        noise = rng.gamma(8.0, 1.0 / 8.0, (len(HOURS), len(codes)))
        table = pd.DataFrame(noise * slow[:, None] * np.array(list(codes.values())), index=HOURS, columns=list(codes))
        table = table.mask(rng.random(table.shape) < 0.03)
        flags = pd.DataFrame(np.int8(1), index=HOURS, columns=[f"{code}__flag" for code in codes])
        hourly[f"st-{number:02d}"] = pd.concat([table, flags], axis=1)
    stations = {name: _station(name, number % CITIES) for number, name in enumerate(hourly)}
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    return StationHours(
        hourly=hourly, stations=stations, zone=ZONE, start=moment, end=HOURS[-1].to_pydatetime(), source="simulated"
    )


def _station(name: str, city: int) -> Station:
    return Station(id=name, name_zh=name, name_en=name, city=f"21{city:02d}00", instruments=())


if __name__ == "__main__":
    sys.exit(main())
