"""A named direction, or the reasons why none is named."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from analysis.receptor.direction.other_winds import WindTest
from analysis.receptor.direction.wind_of_excess import WindOfExcess
from schemas.reason import Figure, ReasonData

LOOKS = 2
"""Looks that a chance is corrected for: the episode and its background."""


class DirectionBasis(StrEnum):
    """What a direction rests on."""

    EVENT = "event"
    WIND = "wind"
    BACKGROUND = "background"


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """Where the excess of an episode came from.

    Attributes
    ----------
    basis : DirectionBasis or None
        ``event``: excess of the hours of the episode by station, which the wind of hardly any other day explains as well. ``wind``: the
        wind of these hours, which agrees with the excess; that of other days would do as well, so the excess is no evidence for it.
        ``background``: sector with high values in the 30 days before, which need not be the origin of this episode. None: no direction
        is named.
    from_deg : float or None
        Bearing from the station, 0 to 360 [deg].
    interval_deg : (float, float) or None
        Clockwise from the first to the second, each 0 to 360 [deg]: 90 % interval; of a ``background`` the sector with its neighbours, which
        is no interval of a stated confidence.
    chance : float or None
        Smallest probability of the looks that chance explains it, after correction for their number [1]; None where nothing could be
        tested. Of ``event`` the larger one of its two tests, of ``wind`` that of the excess alone.
    winds : WindTest or None
        The wind of the episode against that of other days; None where it was not compared.
    wind : WindOfExcess or None
        Mean wind of the hours with excess, whether or not it is named; None where none was computed.
    hours, stations : int
        Hours of the episode with wind (``background``: of the background), and stations that were compared.
    effective_hours : float
        Of these hours, as many independent ones [h].
    days : int
        Days that the episode (``background``: the wind) was compared with.
    reasons : tuple of ReasonData
        Where a direction is named: what it rests on. Otherwise one a look: why not.
    """

    basis: DirectionBasis | None = None
    from_deg: float | None = None
    interval_deg: tuple[float, float] | None = None
    chance: float | None = None
    winds: WindTest | None = None
    wind: WindOfExcess | None = None
    hours: int = 0
    stations: int = 0
    effective_hours: float = 0.0
    days: int = 0
    reasons: tuple[ReasonData, ...] = ()


def around(middle_deg: float, half_width_deg: float) -> tuple[float, float]:
    """Ends of an interval of directions [deg].

    Examples
    --------
    >>> around(10.0, 25.0)
    (345.0, 35.0)
    """
    return (middle_deg - half_width_deg) % 360.0, (middle_deg + half_width_deg) % 360.0


def reason(kind: str, /, **figures: Figure | None) -> ReasonData:
    """Reason of a direction, a key of the catalogues."""
    return ReasonData(f"attribution.direction.{kind}", figures)


def none(kind: str, /, **figures: Figure | None) -> Direction:
    """No direction, and why."""
    return Direction(reasons=(reason(kind, **figures),))
