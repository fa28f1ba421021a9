"""Wind sectors, the mean wind, and bearings relative to it."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd

from qc.angle import vector_mean

SECTORS = 16
CALM_BELOW_M_S = 0.5
"""[m s⁻¹] Slower wind has no direction; project choice, not verified."""
_CODES = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
HALF_ANGLE_DEG = 45.0
"""[deg] Upwind: the bearing to the neighbour is within this angle of where the wind comes from; project choice."""
CALM = -1
UNKNOWN = -2
_WIDTH_DEG = 360.0 / SECTORS


class WindPosition(StrEnum):
    """Position of a neighbour relative to the wind at the station."""

    UPWIND = "upwind"
    DOWNWIND = "downwind"
    CROSSWIND = "crosswind"
    UNKNOWN = "unknown"


def sectors(speed_m_s: pd.Series, direction_deg: pd.Series) -> pd.Series:
    """Sector of each hour, 0 (N, 348.75 to 11.25 degrees) to 15; `CALM` below 0.5 m s⁻¹, `UNKNOWN` where missing.

    Parameters
    ----------
    speed_m_s, direction_deg : pd.Series of float, same index
        Speed [m s⁻¹] and direction the wind comes from [deg]; NaN missing.

    Examples
    --------
    >>> import pandas as pd
    >>> sectors(pd.Series([3.0, 0.2, 3.0]), pd.Series([350.0, 90.0, float("nan")])).tolist()
    [0, -1, -2]
    """
    speed, angle = speed_m_s.to_numpy(dtype=float), direction_deg.to_numpy(dtype=float)
    number = np.floor(((np.nan_to_num(angle) + _WIDTH_DEG / 2) % 360.0) / _WIDTH_DEG).astype(int)
    number = np.where(np.isnan(angle), UNKNOWN, number)
    number = np.where(np.isnan(speed), UNKNOWN, np.where(speed < CALM_BELOW_M_S, CALM, number))
    return pd.Series(number, index=speed_m_s.index)


def sector_code(sector: int) -> str:
    """Code of a sector, ``N`` to ``NNW``, or ``calm``; its names are in the catalogues (``word.sector``).

    Examples
    --------
    >>> sector_code(0), sector_code(CALM)
    ('N', 'calm')
    """
    return "calm" if sector == CALM else _CODES[sector]


def mean_direction(speed_m_s: pd.Series, direction_deg: pd.Series) -> tuple[float, float] | None:
    """Vector mean: direction the wind comes from [deg, 0 <= direction < 360] and speed of the vector [m s⁻¹].

    None without wind, for calm air, and where the vectors cancel (`qc.angle.vector_mean`). Parameters as in `sectors`.

    Examples
    --------
    >>> import pandas as pd
    >>> direction, speed = mean_direction(pd.Series([2.0, 2.0]), pd.Series([350.0, 10.0]))
    >>> round(direction, 6) % 360, round(speed, 3)
    (0.0, 1.97)
    """
    table = pd.DataFrame({"speed": speed_m_s, "direction": direction_deg}).dropna()
    if table.empty:
        return None
    speed, angle = table["speed"].to_numpy(dtype=float), table["direction"].to_numpy(dtype=float)
    direction = vector_mean(angle, speed)
    if np.isnan(direction):
        return None
    east, north = (float((part(np.deg2rad(angle)) * speed).mean()) for part in (np.sin, np.cos))
    return direction, float(np.hypot(east, north))


def position_of(bearing_deg: float, wind_from_deg: float | None) -> WindPosition:
    """Position of a bearing relative to the wind: upwind, downwind or crosswind.

    Parameters
    ----------
    bearing_deg : float
        From the station [deg].
    wind_from_deg : float or None
        Direction the wind comes from [deg].

    Examples
    --------
    >>> position_of(350.0, 10.0).value, position_of(190.0, 10.0).value, position_of(100.0, 10.0).value
    ('upwind', 'downwind', 'crosswind')
    """
    if wind_from_deg is None:
        return WindPosition.UNKNOWN
    angle = abs((bearing_deg - wind_from_deg + 180.0) % 360.0 - 180.0)
    if angle <= HALF_ANGLE_DEG:
        return WindPosition.UPWIND
    return WindPosition.DOWNWIND if angle >= 180.0 - HALF_ANGLE_DEG else WindPosition.CROSSWIND
