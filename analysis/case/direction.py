"""Direction of an event over the stations of a case: `analysis.receptor.direction` on its hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.case.case_file import Bearing, BearingBasis, Estimate
from analysis.case.minute_hour import in_range
from analysis.receptor.direction import MOST_CHANCE, WIDEST_DEG, Direction, DirectionBasis, WindTest, leading_direction
from analysis.receptor.direction.cluster import DirectionInputError
from analysis.receptor.direction.fine_wind import fine_wind
from analysis.receptor.direction.result import around

if TYPE_CHECKING:
    from analysis.case.case_hours import CaseHours

_FULL = 360.0
_WIND = ("wind_speed", "wind_direction")
AGAINST_FACTOR = 0.2
"""How many times as probable an excess is with its wind as with that of other days, below which it contradicts its wind, if the wind of most
other days explains it better too [1]: of 100 winds 95 are taken to be those of their plume, and after such an excess four in five still are.
Project choice."""
PROBABLY = 0.7
"""Least probability of a plume whose wind is stated without a place that explains it [1]; project choice, the grade "probably"."""
_OF_EVENT = frozenset({DirectionBasis.EVENT, DirectionBasis.WIND})


def direction_of(case_hours: CaseHours) -> Direction | None:
    """Direction that the excess came from; None where the station has no place or no values.

    Parameters
    ----------
    case_hours : CaseHours
    """
    given = case_hours.given
    places = {
        name: (float(item.lon), float(item.lat))
        for name, item in given.stations.items()
        if item.lon is not None and item.lat is not None
    }
    values, speed, angle = (
        pd.DataFrame(case_hours.table(name).T, index=case_hours.hours, columns=list(case_hours.station_ids))
        for name in (given.parameter, "wind_speed", "wind_direction")
    )
    has_wind = speed.notna() & angle.notna()
    fine = fine_wind(
        {
            name: _with_valid_wind(frame, given.parameter, has_wind[name])
            for name, frame in given.minute.items()
            if name in has_wind
        },
        given.parameter,
        places=places,
        station_id=given.station.id,
        vanes=tuple(has_wind.columns[has_wind[case_hours.inside].any()]),
    )
    try:
        return leading_direction(
            values, speed, angle, places=places, station_id=given.station.id, window=given.window, fine=fine
        )
    except DirectionInputError:
        return None


def _with_valid_wind(minute: pd.DataFrame, code: str, has_wind: pd.Series) -> pd.DataFrame:
    """Wind and parameter by the minute, in range, with wind in those hours only of which the station has a valid one."""
    names = [name for name in _WIND if name in minute]
    found = in_range(minute[[*names, *([code] if code in minute else [])]])
    is_valid = has_wind.reindex(pd.DatetimeIndex(minute.index).floor("h"), fill_value=False).to_numpy(dtype=bool)
    found[names] = found[names].where(pd.Series(is_valid, index=found.index), axis=0)
    return found


def bearing_of(found: Direction | None) -> Bearing | None:
    """Bearing of a direction of the event itself; a sector that is high in general is none."""
    if found is None or found.basis not in _OF_EVENT or found.interval_deg is None or found.from_deg is None:
        return None
    is_held = found.basis is DirectionBasis.EVENT
    chance = found.chance if is_held or found.winds is None else found.winds.chance
    low, high = (angle % _FULL for angle in found.interval_deg)
    return Bearing(
        from_deg=Estimate(value=found.from_deg, low=low, high=high),
        chance=1.0 if chance is None else chance,
        hours=found.hours,
        basis=BearingBasis.HELD if is_held else BearingBasis.WIND,
    )


def one_side_of(found: Direction | None) -> Bearing | None:
    """The same with the probability that chance gives so large an excess on one side: evidence of a plume, whatever the wind of other days."""
    bearing = bearing_of(found)
    if bearing is None or found is None or found.chance is None:
        return None
    return msgspec.structs.replace(bearing, chance=found.chance)


def plume_bearing(found: Direction | None, probability: float) -> Bearing | None:
    """Bearing of an event that is a plume by other evidence: as `bearing_of`, else the wind of the hours with excess.

    A plume comes with its wind. So this wind is stated without a place that explains the stations, unless the excess contradicts it or the
    wind varied too much.

    Parameters
    ----------
    found : Direction or None
    probability : float
        Of a plume [1]; below `PROBABLY` its wind is no direction by itself.
    """
    named = bearing_of(found)
    if named is not None or found is None or found.wind is None or found.winds is None or probability < PROBABLY:
        return named
    wind = found.wind
    if contradicts(found.winds) or wind.half_width_deg > WIDEST_DEG:
        return None
    low, high = around(wind.from_deg, wind.half_width_deg)
    return Bearing(
        from_deg=Estimate(value=wind.from_deg, low=low, high=high),
        chance=found.winds.chance,
        hours=wind.hours,
        basis=BearingBasis.WIND,
    )


def contradicts(winds: WindTest) -> bool:
    """Whether an excess is less probable with its wind than with that of other days, or as probable as with that of any.

    Examples
    --------
    >>> contradicts(WindTest(chance=0.8, better=23, days=29, factor=0.1))
    True
    >>> contradicts(WindTest(chance=0.8, better=23, days=29, factor=0.3))
    False
    """
    return winds.chance > MOST_CHANCE and (winds.factor < AGAINST_FACTOR or winds.better >= winds.days)
