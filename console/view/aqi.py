"""Latest AQI of every station by city, and the days on which PM2.5 and O3 exceeded together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.aqi import level_of
from console.view.quantity import name_of
from schemas.city import city_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from console.i18n import Words
    from schemas.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAqi:
    """One station's latest published index; ``colour`` as the standard gives it, ``dark`` where it needs white text."""

    station_id: str
    name: str
    start: datetime
    aqi: int
    level: str
    colour: str
    dark: bool
    primary: str
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CityAqi:
    """A city: its stations, the worst first, and days of exceedance in the period at any of them."""

    city: str
    stations: tuple[StationAqi, ...]
    pm25_days: int
    o3_days: int
    joint_days: int


def city_rows(network: Network, hourly: pd.DataFrame, joint: pd.DataFrame, words: Words) -> list[CityAqi]:
    """Rows by city, the worst first. Stations without an index in ``hourly`` are left out.

    Parameters
    ----------
    hourly : DataFrame
        Product ``aqi_hourly`` of some hours up to now.
    joint : DataFrame
        Product ``copollution_daily`` of some days.
    """
    cities: dict[str, list[StationAqi]] = {}
    for station_id, row in _latest(hourly).items():
        if station_id in network.stations:
            station = network.stations[station_id]
            cities.setdefault(station.city, []).append(_station(station.name(words.language), station_id, row, words))
    city_of = {station.id: station.city for station in network.station_list}
    days = {column: _days(joint, column, city_of) for column in ("pm25_exceeds", "o3_exceeds", "joint")}
    rows = [
        CityAqi(
            city=city_name(city, words.language),
            stations=tuple(sorted(found, key=lambda item: -item.aqi)),
            pm25_days=days["pm25_exceeds"].get(city, 0),
            o3_days=days["o3_exceeds"].get(city, 0),
            joint_days=days["joint"].get(city, 0),
        )
        for city, found in cities.items()
    ]
    return sorted(rows, key=lambda row: (-row.stations[0].aqi, row.city))


def _latest(hourly: pd.DataFrame) -> dict[str, pd.Series]:
    if hourly.empty or "aqi" not in hourly:
        return {}
    known = hourly[hourly["aqi"].notna()].reset_index(names="start").sort_values("start")
    return {str(row["station_id"]): row for _, row in known.groupby("station_id").tail(1).iterrows()}


def _station(name: str, station_id: str, row: pd.Series, words: Words) -> StationAqi:
    aqi = int(row["aqi"])
    level = level_of(aqi)
    primary = row.get("primary")
    codes = primary.split(",") if isinstance(primary, str) and primary else []
    return StationAqi(
        station_id=station_id,
        name=name,
        start=row["start"].to_pydatetime(),
        aqi=aqi,
        level=words.pick(level.name_zh, level.name_en),
        colour=level.colour,
        dark=aqi > 150,  # noqa: PLR2004 - from red on, white text has the better contrast
        primary=words("list.comma").join(name_of(code, words) for code in codes),
        edition=str(row.get("edition") or ""),
    )


def _days(joint: pd.DataFrame, column: str, city_of: Mapping[str, str]) -> dict[str, int]:
    if joint.empty or column not in joint:
        return {}
    true = joint[joint[column] == 1.0]
    cities = true["station_id"].map(lambda station: city_of.get(str(station), ""))
    counted = pd.DataFrame({"city": cities.to_numpy(), "day": true.index}).drop_duplicates().groupby("city").size()
    return {str(city): int(count) for city, count in counted.items()}
