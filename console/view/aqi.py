"""Latest AQI of every station by city, and the days on which PM2.5 and O3 exceeded together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analysis.statistics.aqi_level import level_of
from analysis.statistics.exceedance import count_days
from console.view.quantity import name_of
from schemas.city import city_name

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from analysis.statistics.exceedance import DayCount
    from schemas.network import Network
    from schemas.words import Words


class StationAqi(NamedTuple):
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


class CityAqi(NamedTuple):
    """A city: its stations with an index, the worst first, of how many; and days of exceedance in the period at any of them."""

    city: str
    stations: tuple[StationAqi, ...]
    station_count: int
    pm25_days: DayCount
    o3_days: DayCount
    joint_days: DayCount


def city_rows(
    network: Network, hourly: pd.DataFrame, joint: pd.DataFrame, words: Words, days: int = 30
) -> list[CityAqi]:
    """Rows by city, the worst first; those without any index in ``hourly`` come last. Empty where there is no index at all.

    Parameters
    ----------
    hourly : DataFrame
        Product ``aqi_hourly`` of some hours up to now.
    joint : DataFrame
        Product ``copollution_daily`` of the period.
    days : int
        Length of the period [d].
    """
    cities: dict[str, list[StationAqi]] = {}
    for station_id, row in _latest(hourly).items():
        if station_id in network.stations:
            station = network.stations[station_id]
            cities.setdefault(station.city, []).append(_station(station.name(words.language), station_id, row, words))
    own: dict[str, list[str]] = {}
    for station in network.stations_of("gas"):
        own.setdefault(station.city, []).append(station.id)
    rows = [
        CityAqi(
            city=city_name(city, words.language),
            stations=tuple(sorted(cities.get(city, ()), key=lambda item: -item.aqi)),
            station_count=max(len(ids), len(cities.get(city, ()))),
            pm25_days=count_days(joint, "pm25_exceeds", days, ids),
            o3_days=count_days(joint, "o3_exceeds", days, ids),
            joint_days=count_days(joint, "joint", days, ids),
        )
        for city, ids in own.items()
    ]
    return sorted(rows, key=lambda row: (-row.stations[0].aqi if row.stations else 1, row.city)) if cities else []


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
