"""The wind, by which a direction has a meaning."""

from __future__ import annotations

WIND_SPEED = "wind_speed"


CALM_M_S = 0.3
"""Wind speed up to which a direction is exempt from the soft tests [m s⁻¹]; the project's default, as `flat_line` of the speed."""
