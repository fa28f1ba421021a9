"""Wind speed up to which a direction is undefined."""

from __future__ import annotations

WIND_SPEED = "wind_speed"


CALM_M_S = 0.3
"""Wind speed up to which a direction is exempt from the soft tests [m s⁻¹]; project default, as `flat_line` of the speed."""
