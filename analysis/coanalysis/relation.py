"""How PM2.5 and O3 go together: lagged and partial correlations with O3 and Ox, and means over two conditions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
from scipy.stats import t

from analysis.coanalysis.copollution import DAYTIME_HOURS, lagged_correlation
from analysis.coanalysis.daily_relation import DeweatheredRelation
from analysis.statistics.block_correlation import BLOCK_D, DRAWS, BlockCorrelation
from analysis.statistics.daily import on_hours, ox
from analysis.statistics.day_shift import drawn_days
from schemas.frames import valid_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from schemas.interval import Interval

    Values = NDArray[np.float64]

GIVEN = ("temperature", "relative_humidity", "dew_point", "wind_speed", "global_radiation")
"""Weather held constant in partial correlations, where it was measured (registry codes); dew point only without humidity."""
SURFACES = (("pm25", "ox", "temperature"), ("pm25", "ox", "no2"), ("o3", "no2", "temperature"))
BINS = 8
MINIMUM_HOURS = 30
MINIMUM_DAYS = 5
"""Hours and days of a cell that has a mean (project choices)."""
_COVERED = 0.5
_LEVEL = 0.9
_DAY_S = 86_400.0
_SEED = 0


class LaggedRelation(msgspec.Struct, frozen=True, kw_only=True):
    """PM2.5 with another, at lags of -24 to 24 h (positive: PM2.5 first).

    Attributes
    ----------
    second : str
        ``o3`` or ``ox``.
    given : tuple of str
        Weather held constant; empty: plain.
    lags : tuple of BlockCorrelation
    """

    second: str
    given: tuple[str, ...]
    lags: tuple[BlockCorrelation, ...]


class SurfaceCell(msgspec.Struct, frozen=True, kw_only=True):
    """Daytime hours with two conditions in their bins.

    Attributes
    ----------
    column, row : int
        Bins of ``x`` and ``y``.
    mean, low, high : float or None
        [µg m⁻³] with its 90 % interval from blocks of days; None with fewer than `MINIMUM_HOURS` hours or `MINIMUM_DAYS` days.
    n, days : int
    """

    column: int
    row: int
    mean: float | None
    low: float | None
    high: float | None
    n: int
    days: int


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """Mean of one parameter by two others.

    Attributes
    ----------
    value, x, y : str
        Registry codes, or ``ox`` [ppb].
    x_edges, y_edges : tuple of float
        In canonical units, from the 1 % to the 99 % quantile.
    cells : tuple of SurfaceCell
        Those with at least an hour.
    """

    value: str
    x: str
    y: str
    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    cells: tuple[SurfaceCell, ...]


class PollutantRelation(msgspec.Struct, frozen=True, kw_only=True):
    """Correlations and surfaces of one station.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    hours : int
        With valid PM2.5 and O3.
    correlations : tuple of LaggedRelation
    surfaces : tuple of Surface
    missing : tuple of str
        Parameters that a part needs and that are not there: weather with less than half of the hours counts too.
    deweathered : DeweatheredRelation or None
        Daily values with the weather taken out; None where it was not asked for.
    """

    station_id: str
    start: datetime
    end: datetime
    hours: int
    correlations: tuple[LaggedRelation, ...]
    surfaces: tuple[Surface, ...]
    missing: tuple[str, ...]
    deweathered: DeweatheredRelation | None = None


def relation_of(station_id: str, hourly: pd.DataFrame, period: Interval, zone: ZoneInfo) -> PollutantRelation:
    """How PM2.5 goes with O3 and Ox at one station.

    Parameters
    ----------
    station_id : str
    hourly : pd.DataFrame
        ``schemas.frames`` hourly; ``pm25, o3, no2`` [µg m⁻³] and weather. Missing values leave out their pair.
    period : Interval
    zone : ZoneInfo

    Raises
    ------
    schemas.frames.FrameError
        If hours are not ascending or there twice.
    """
    columns = {name: valid_values(hourly, name) for name in ("pm25", "o3", "no2", *GIVEN)} | {"ox": ox(hourly)}
    given = _measured(columns, len(hourly), zone)
    correlations = [
        LaggedRelation(
            second=second,
            given=held,
            lags=lagged_correlation(columns["pm25"], columns[second], zone, given=[columns[name] for name in held]),
        )
        for second in ("o3", "ox")
        if columns[second].notna().any()
        for held in ((), given)[: 2 if given else 1]
    ]
    table = pd.DataFrame({name: on_hours(values) for name, values in columns.items()})
    surfaces = [
        surface(table, *names, zone=zone) for names in SURFACES if all(table[name].notna().any() for name in names)
    ]
    return PollutantRelation(
        station_id=station_id,
        start=period.start,
        end=period.end,
        hours=int((columns["pm25"].notna() & columns["o3"].notna()).sum()),
        correlations=tuple(correlations),
        surfaces=tuple(surfaces),
        missing=tuple(name for name in ("pm25", "o3", "no2", *GIVEN) if not columns[name].notna().any()),
    )


def surface(table: pd.DataFrame, value: str, x: str, y: str, *, zone: ZoneInfo) -> Surface:
    """Mean of one column by bins of two others, daytime hours (08:00 to 20:00).

    Parameters
    ----------
    table : pd.DataFrame
        Hours without a gap, index UTC; NaN missing.
    value, x, y : str
        Columns.
    zone : ZoneInfo
    """
    local = pd.DatetimeIndex(table.index).tz_convert(zone).tz_localize(None)
    day = np.asarray((local.normalize() - local[0].normalize()).days) if len(local) else np.zeros(0, dtype=np.int64)
    rows = np.isin(local.hour, list(DAYTIME_HOURS)) & table[[value, x, y]].notna().all(axis=1).to_numpy()
    kept = table[rows]
    x_edges, y_edges = _edges(kept[x].to_numpy()), _edges(kept[y].to_numpy())
    column, row = _bin(kept[x].to_numpy(), x_edges), _bin(kept[y].to_numpy(), y_edges)
    inside = (column >= 0) & (row >= 0)
    place = (row * BINS + column)[inside]
    days = int(day[-1]) + 1 if len(day) else 0
    sums, counts = np.zeros((days, BINS * BINS)), np.zeros((days, BINS * BINS))
    np.add.at(sums, (day[rows][inside], place), kept[value].to_numpy()[inside])
    np.add.at(counts, (day[rows][inside], place), 1.0)
    cells = _cells(sums, counts)
    return Surface(
        value=value, x=x, y=y, x_edges=tuple(map(float, x_edges)), y_edges=tuple(map(float, y_edges)), cells=cells
    )


def _measured(columns: dict[str, pd.Series], hours: int, zone: ZoneInfo) -> tuple[str, ...]:
    """Weather with at least half of the hours, and a spread about the mean of its hour of day."""
    found = [
        name
        for name in GIVEN
        if columns[name].notna().sum() >= max(1, _COVERED * hours) and _spread(columns[name], zone) > 0
    ]
    return tuple(name for name in found if name != "dew_point" or "relative_humidity" not in found)


def _spread(values: pd.Series, zone: ZoneInfo) -> float:
    hour = np.asarray(pd.DatetimeIndex(values.index).tz_convert(zone).hour)
    return float((values - values.groupby(hour).transform("mean")).std())


def _edges(values: Values) -> Values:
    low, high = np.quantile(values, (0.01, 0.99)) if len(values) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1.0, BINS + 1)


def _bin(values: Values, edges: Values) -> NDArray[np.int64]:
    """Bin of each value; -1 outside."""
    found = np.searchsorted(edges, values, side="right") - 1
    found = np.where(values == edges[-1], BINS - 1, found)
    return np.asarray(np.where((found >= 0) & (found < BINS), found, -1), dtype=np.int64)


def _cells(sums: Values, counts: Values) -> tuple[SurfaceCell, ...]:
    if not len(sums):
        return ()
    drawn = drawn_days(np.arange(len(sums), dtype=np.float64) * _DAY_S, DRAWS, seed=_SEED, block_days=BLOCK_D).T
    of_draws = drawn @ counts
    means = np.divide(drawn @ sums, of_draws, out=np.full(of_draws.shape, np.nan), where=of_draws > 0)
    total, n, days = sums.sum(axis=0), counts.sum(axis=0), (counts > 0).sum(axis=0)
    found = []
    for place in np.flatnonzero(n):
        column, row, hours, of_days = int(place % BINS), int(place // BINS), int(n[place]), int(days[place])
        if hours < MINIMUM_HOURS or of_days < MINIMUM_DAYS:
            found.append(SurfaceCell(column=column, row=row, mean=None, low=None, high=None, n=hours, days=of_days))
            continue
        mean = float(total[place] / n[place])
        half = float(np.nanstd(means[:, place]) * t.ppf((1 + _LEVEL) / 2, of_days - 1))
        found.append(
            SurfaceCell(column=column, row=row, mean=mean, low=mean - half, high=mean + half, n=hours, days=of_days)
        )
    return tuple(found)
