"""Whether the air stagnated: wind speed and boundary layer in the event against the same hours of earlier days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.chemistry.day_window import LEAST_DAYS, count_below, day_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

STAGNANT = 1.5
"""Usual ventilation by that of the event from which the air stagnates [1]; project choice."""
RARE = 0.2
"""Largest part of earlier days with less ventilation [1]; project choice."""
CALM_M_S = 1.0
"""Wind speed below which a direction says little [m s⁻¹]; project choice."""


class DayComparison(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity in the event and usually, canonical unit; ``below`` of ``days`` earlier days had less."""

    event: float
    usual: float
    below: int
    days: int
    hours: int


class Stagnation(msgspec.Struct, frozen=True, kw_only=True):
    """Ventilation in the event.

    Attributes
    ----------
    wind : DayComparison
        Wind speed [m s⁻¹].
    layer : DayComparison or None
        Height of the boundary layer [m].
    ventilation : DayComparison
        Product of both, hour by hour [m² s⁻¹]; the wind speed alone without a layer.
    calm : int
        Hours below 1 m s⁻¹.
    """

    wind: DayComparison
    layer: DayComparison | None
    ventilation: DayComparison
    calm: int

    @property
    def factor(self) -> float:
        """Usual ventilation by that of the event [1]."""
        return self.ventilation.usual / self.ventilation.event

    @property
    def is_stagnant(self) -> bool:
        """Whether the ventilation is clearly smaller than usual, and on few earlier days was less."""
        return self.factor >= STAGNANT and self.ventilation.below <= RARE * self.ventilation.days


def stagnation_of(case_hours: CaseHours) -> Stagnation | None:
    """Compare the ventilation; None without wind speed or with fewer than ten earlier days."""
    station_id = case_hours.station_ids[0]
    wind, layer = (case_hours.row(station_id, name) for name in ("wind_speed", "boundary_layer_height"))
    found = day_windows(case_hours, np.array([wind, layer, wind * layer]))
    levels = [level_of(*item) for item in zip(found.event, found.days, found.hours, strict=True)]
    if levels[0] is None or levels[0].event <= 0:
        return None
    return Stagnation(
        wind=levels[0],
        layer=levels[1],
        ventilation=levels[2] or levels[0],
        calm=int((wind[case_hours.inside] < CALM_M_S).sum()),
    )


def level_of(event: float, days: Field, hours: int) -> DayComparison | None:
    """Value of the event against earlier days; None where it is missing or they are fewer than ten.

    Examples
    --------
    >>> level_of(1.0, np.arange(11.0), 3)
    DayComparison(event=1.0, usual=5.0, below=1, days=11, hours=3)
    """
    below, count = count_below(float(event), days)
    if count < LEAST_DAYS or not np.isfinite(event):
        return None
    return DayComparison(event=float(event), usual=float(np.nanmedian(days)), below=below, days=count, hours=int(hours))
