"""Where an export comes from: query, level, software, moment."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import msgspec

from store.archive.option import Level, ProductKind

if TYPE_CHECKING:
    from datetime import datetime


_LEVELS: dict[Level | ProductKind, str] = {
    Level.HOURLY: "L1.5 hourly, automatically checked",
    Level.NATIVE: "L1 native, as decoded, with the flags of automatic quality control; 2: not evaluated",
    Level.REVIEWED: "L2 hourly, reviewed by people; columns __review: 0 none, 1 proposed, 2 confirmed, 3 signed, 8 stale",
    ProductKind.SOURCES: "L3 product: mass from each factor of the station's own factorisation (PMF), of the sum of its species, with "
    "90 % intervals; a factor without a kind has no name that is probable enough",
    ProductKind.FORECASTS: "L3 product: hourly forecasts as issued, at the hour that is forecast; horizon_h 1 is the first hour",
    ProductKind.FORECAST_DAYS: "L3 product: daily AQI, mean of PM2.5 and MDA8 as issued, at the start of the civil day; range q10 to q90",
    ProductKind.FORECAST_SCORES: "L3 product: sums of the scores of issued forecasts by civil day, of the median and the 90 % interval",
    ProductKind.FORECAST_AQI_SCORES: "L3 product: sums of right levels, ranges and primary pollutants of issued daily AQI by civil day",
    ProductKind.ASSESSMENTS: "L3 product: months and years of stations, cities and all cities; percentiles and weights of the index are not verified",
    ProductKind.JOINT_DAYS: "L3 product: civil days by exceedance of the class 2 limits in force (PM2.5 24 h, MDA8 of O3)",
    ProductKind.JOINT_EPISODES: "L3 product: consecutive days on which PM2.5 and O3 both exceed, by season; cases are keys of case files",
    ProductKind.RELATIONS: "L3 product: correlation of PM2.5 with O3 and Ox by lag and season; 95 % intervals hold for all lags together",
    ProductKind.DEWEATHERED: "L3 product: monthly means observed and with the usual weather of their season, 90 % intervals; trends have 95 %",
    ProductKind.CHEMISTRY: "L3 product: oxidation ratios, secondary carbon, ions, mass closure and photochemical age by hour; OH and several factors are not verified",
    ProductKind.COCONTROL: "L3 product: precursors by what a cut of their emission by 20 % lowers; 90 % intervals of a box model with constants that are not verified",
    ProductKind.CASES: "L3 product: case files of events; intervals are of 90 %, their coverage is tested for plumes only",
}


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where an export comes from; written into every file.

    Attributes
    ----------
    network : str
        Whose instruments the values are of; empty where it is not stated.
    note : str
        What a reader has to know of these values, such as hours to which two instruments contribute; empty: nothing.
    """

    query: str
    created: str
    software: str
    level: str
    licence: str
    network: str = ""
    note: str = ""

    def lines(self) -> list[str]:
        """One ``key: value`` a line, without what is empty."""
        return [f"{name}: {getattr(self, name)}" for name in self.__struct_fields__ if getattr(self, name)]


def provenance(
    *, query: str, level: Level | ProductKind, now: datetime, network: str = "", note: str = ""
) -> Provenance:
    """Provenance of an export made at ``now`` (aware)."""
    try:
        number = version("skyground")
    except PackageNotFoundError:
        number = "unknown"
    licence = "The stations' operators decide on the use of these data; data of others keep their own licence and must be cited."
    return Provenance(
        query=query,
        created=now.isoformat(timespec="seconds"),
        software=f"skyground {number}",
        level=_LEVELS[level],
        licence=licence,
        network=network,
        note=note,
    )
