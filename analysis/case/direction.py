"""Direction of an event over the stations of a case: `analysis.receptor.direction` on its hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.case.case_file import Bearing, BearingBasis, Estimate
from analysis.receptor.direction import Direction, DirectionBasis, leading_direction
from analysis.receptor.direction.cluster import DirectionInputError

if TYPE_CHECKING:
    from analysis.case.case_hours import CaseHours

_FULL = 360.0
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
    try:
        return leading_direction(values, speed, angle, places=places, station_id=given.station.id, window=given.window)
    except DirectionInputError:
        return None


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
