"""Wind sectors."""

from __future__ import annotations

import numpy as np
import pandas as pd

SECTORS = 16
CALM_BELOW_M_S = 0.5
"""[m s⁻¹] Slower wind has no direction; project choice, not verified."""
_CODES = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
CALM = -1
UNKNOWN = -2
_WIDTH_DEG = 360.0 / SECTORS


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
