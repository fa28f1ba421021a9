"""Wind sectors and the conditional probability of high concentrations (CPF).

References
----------
CPF = m / n of each of 16 sectors, with calm a class of its own: n hours with wind from the sector, m of them above a
threshold. Intervals: Wilson's score interval of a binomial proportion, 95 %.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd

SECTORS = 16
CALM_BELOW_M_S = 0.5
"""[m s⁻¹] Slower wind has no direction; project choice, not verified."""
MINIMUM_HOURS_OF_SECTOR = 5
SECTOR_EN = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
SECTOR_ZH = (
    "北", "北东北", "东北", "东东北", "东", "东东南", "东南", "南东南", "南", "南西南", "西南", "西西南", "西", "西西北", "西北", "北西北",
)  # fmt: skip
CALM = -1
UNKNOWN = -2
_NORMAL_95 = 1.959964
_WIDTH_DEG = 360.0 / SECTORS


class SectorRate(msgspec.Struct, frozen=True, kw_only=True):
    """One sector, or calm.

    Attributes
    ----------
    sector : int
        0 (N) to 15 (NNW), -1 calm.
    hours, above : int
        Hours with wind from there, and of them above the threshold.
    days : int
        Different UTC days among the hours above.
    rate, low, high : float or None
        CPF with its 95 % interval [1]; None without hours.
    """

    sector: int
    hours: int
    above: int
    days: int
    rate: float | None
    low: float | None
    high: float | None


class SectorTable(msgspec.Struct, frozen=True, kw_only=True):
    """CPF of a station.

    Attributes
    ----------
    rows : tuple of SectorRate
        16 sectors, then calm.
    threshold : float
        In the unit of the parameter.
    hours, above : int
        All hours with value and wind.
    without_wind : int
        Hours with a value but no wind.
    """

    rows: tuple[SectorRate, ...]
    threshold: float
    hours: int
    above: int
    without_wind: int

    @property
    def overall(self) -> float | None:
        """Rate of all hours [1]; None without any."""
        return self.above / self.hours if self.hours else None

    def leading(self) -> SectorRate | None:
        """Sector (or calm) whose rate is surely above that of all hours, by the largest lower bound; None if none is."""
        overall = self.overall
        if overall is None:
            return None
        distinct = [
            row
            for row in self.rows
            if row.low is not None and row.low > overall and row.hours >= MINIMUM_HOURS_OF_SECTOR
        ]
        return max(distinct, key=lambda row: row.low or 0.0, default=None)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion; ``n`` at least 1."""
    share, z2 = hits / n, _NORMAL_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def sectors(speed_m_s: pd.Series, direction_deg: pd.Series, *, calm_below: float = CALM_BELOW_M_S) -> pd.Series:
    """Sector of each hour, 0 (N, 348.75 to 11.25 degrees) to 15; `CALM` below the speed, `UNKNOWN` where missing."""
    speed, angle = speed_m_s.to_numpy(dtype=float), direction_deg.to_numpy(dtype=float)
    number = np.floor(((np.nan_to_num(angle) + _WIDTH_DEG / 2) % 360.0) / _WIDTH_DEG).astype(int)
    number = np.where(np.isnan(angle), UNKNOWN, number)
    number = np.where(np.isnan(speed), UNKNOWN, np.where(speed < calm_below, CALM, number))
    return pd.Series(number, index=speed_m_s.index)


def sector_name(sector: int, language: str) -> str:
    """Name of a sector or of calm in ``zh`` or ``en``."""
    if sector == CALM:
        return "静风" if language == "zh" else "calm"
    return (SECTOR_ZH if language == "zh" else SECTOR_EN)[sector]


def cpf(values: pd.Series, sector: pd.Series, threshold: float) -> SectorTable:
    """Conditional probability of values above a threshold, by sector.

    Parameters
    ----------
    values : pd.Series of float
        NaN is missing.
    sector : pd.Series of int
        Of `sectors`, same index.
    threshold : float
        In the unit of ``values``.
    """
    valid = values.notna()
    known = valid & (sector != UNKNOWN)
    above = known & (values > threshold)
    rows = [_row(number, known & (sector == number), above) for number in (*range(SECTORS), CALM)]
    return SectorTable(
        rows=tuple(rows),
        threshold=threshold,
        hours=int(known.sum()),
        above=int(above.sum()),
        without_wind=int((valid & ~known).sum()),
    )


def mean_direction(speed_m_s: pd.Series, direction_deg: pd.Series) -> tuple[float, float] | None:
    """Vector mean: direction the wind comes from [deg] and speed of the vector [m s⁻¹]; None without wind."""
    table = pd.DataFrame({"speed": speed_m_s, "direction": direction_deg}).dropna()
    if table.empty:
        return None
    angle = np.deg2rad(table["direction"].to_numpy())
    east, north = (float((part * table["speed"].to_numpy()).mean()) for part in (np.sin(angle), np.cos(angle)))
    return float(np.rad2deg(np.arctan2(east, north)) % 360.0), float(np.hypot(east, north))


def _row(number: int, hours: pd.Series, above: pd.Series) -> SectorRate:
    n, chosen = int(hours.sum()), hours & above
    hits = int(chosen.sum())
    days = len(pd.DatetimeIndex(chosen.index[chosen]).normalize().unique())
    low, high = wilson(hits, n) if n else (None, None)
    return SectorRate(sector=number, hours=n, above=hits, days=days, rate=hits / n if n else None, low=low, high=high)
