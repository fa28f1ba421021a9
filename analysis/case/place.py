"""Place of the release of a plume: `analysis.receptor.plume` on the hours of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.case.case_file import Estimate, Place
from analysis.receptor.plume import PlumeInputError, PlumeResult, evidence_of, locate
from schemas.geodesy import bearing_deg, great_circle_km
from schemas.interval import Interval
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.case.case_hours import CaseHours

NEAREST = 12
"""Stations, the nearest ones, that an inversion takes; project choice."""
LONGEST_H = 24
"""Of a longer event the last hours [h]."""
_WEATHER = ("wind_speed", "wind_direction", "global_radiation", "boundary_layer_height", "temperature", "pressure")


def release_of(case_hours: CaseHours) -> PlumeResult | None:
    """Where the release is, as far as the stations say; None where the data do not allow an inversion.

    Parameters
    ----------
    case_hours : CaseHours
    """
    given = case_hours.given
    names = case_hours.station_ids[: NEAREST + 1]
    codes = [given.parameter, *_WEATHER]
    frames = {
        name: pd.DataFrame(case_hours.rows(name, codes).T, index=case_hours.hours, columns=codes) for name in names
    }
    hours = case_hours.hours[case_hours.inside][-LONGEST_H:]
    window = Interval(hours[0].to_pydatetime(), (hours[-1] + pd.Timedelta(hours=1)).to_pydatetime())
    precision = 10.0 ** -known(given.parameter).decimals
    try:
        return locate(
            evidence_of([given.stations[name] for name in names], frames, given.parameter, window, precision=precision)
        )
    except PlumeInputError:
        return None


def place_of(found: PlumeResult | None, case_hours: CaseHours) -> Place | None:
    """Place of a located release; None where it is not located."""
    station = case_hours.given.station
    if found is None or not found.is_located or found.lon is None or found.lat is None:
        return None
    here = (station.lon or 0.0, station.lat or 0.0, found.lon, found.lat)
    return Place(
        parameter=case_hours.given.parameter,
        lon=found.lon,
        lat=found.lat,
        distance_km=float(great_circle_km(*here)),
        bearing_deg=float(bearing_deg(*here)),
        area_km2=found.area_km2 or 0.0,
        rate_kg_h=Estimate(value=found.rate or 0.0, low=found.rate_low or 0.0, high=found.rate_high or 0.0),
        stations=found.stations_above,
    )


def is_inside(found: PlumeResult | None) -> Callable[[float, float], bool] | None:
    """Whether a longitude and latitude [deg] lie within the 90 % radius of a located release; None where it is not located."""
    if found is None or not found.is_located or found.lon is None or found.lat is None or found.radius_km is None:
        return None
    lon, lat, radius = found.lon, found.lat, found.radius_km
    return lambda east, north: bool(great_circle_km(east, north, lon, lat) <= radius)
