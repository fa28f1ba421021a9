"""PM2.5 and O3 together: days and hours on which both exceed, and their lagged correlation.

References
----------
Limits by date: GB 3095 (24 h PM2.5, MDA8 of O3). An hour has no PM2.5 limit in GB 3095; there the concentrations with
IAQI 100 of the edition in force are taken (HJ 633: daily breakpoint of PM2.5, 1 h breakpoint of O3).
Intervals of coefficients: `analysis.statistics.block_correlation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.statistics.block_correlation import MINIMUM_DAYS, BlockCorrelation, block_correlations
from analysis.statistics.daily import civil_date, on_hours
from analysis.statistics.iaqi import breakpoint_concentration
from analysis.statistics.limit import limit, reported
from schemas.frames import check_time_index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

DAYTIME_HOURS = range(8, 20)
"""Local hours that count as day: 08:00 to 20:00."""
MAXIMUM_LAG_H = 24
MINIMUM_PAIRS = MINIMUM_DAYS * len(DAYTIME_HOURS)
"""Daytime hours of as many days as an interval needs; fewer give no coefficient."""
_LIGHT_POLLUTION = 100


def joint_days(statistics: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Days on which PM2.5 and O3 exceed their class 2 limits.

    Parameters
    ----------
    statistics : pd.DataFrame
        Of `analysis.statistics.aqi_frame.daily_statistics`: ``pm25`` and ``o3_mda8`` [µg m⁻³], index UTC start of the day.
    zone : ZoneInfo

    Returns
    -------
    pd.DataFrame
        ``pm25, o3_mda8, pm25_limit, o3_limit`` [µg m⁻³], ``pm25_exceeds, o3_exceeds, joint`` (1, 0, NaN = not valid).
        The limits are those of `analysis.statistics.limit.limit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> day = pd.DatetimeIndex(["2025-06-30T16:00"], tz="UTC", name="start")
    >>> statistics = pd.DataFrame({"pm25": [80.0], "o3_mda8": [170.0]}, index=day)
    >>> joint_days(statistics, ZoneInfo("Asia/Shanghai"))["joint"].tolist()
    [1.0]
    """
    check_time_index(statistics)
    days = [civil_date(start, zone) for start in pd.DatetimeIndex(statistics.index)]
    table = statistics[["pm25", "o3_mda8"]].astype(float)
    table["pm25_limit"] = [limit("PM2.5", "24h", day) for day in days]
    table["o3_limit"] = [limit("O3", "MDA8", day) for day in days]
    for column, name, pollutant in (("pm25", "pm25", "PM2.5"), ("o3_mda8", "o3", "O3")):
        values = pd.Series(
            [reported(float(value), pollutant, day) for value, day in zip(table[column], days, strict=True)],
            index=table.index,
            dtype=float,
        )
        table[f"{name}_exceeds"] = (values > table[f"{name}_limit"]).astype(float).where(values.notna())
    table["joint"] = table["pm25_exceeds"] * table["o3_exceeds"]
    return table


def joint_hours(pm25: pd.Series, o3: pd.Series, zone: ZoneInfo) -> pd.DataFrame:
    """Hours on which both are above the concentration of IAQI 100.

    Parameters
    ----------
    pm25, o3 : pd.Series of float, index UTC hour starts
        [µg m⁻³], NaN missing.
    zone : ZoneInfo

    Returns
    -------
    pd.DataFrame
        ``pm25, o3, pm25_threshold, o3_threshold`` [µg m⁻³] and ``joint`` (1, 0, NaN).

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2025-07-01", periods=2, freq="h", tz="UTC")
    >>> pm25, o3 = pd.Series([90.0, 90.0], index=hours), pd.Series([180.0, 220.0], index=hours)
    >>> joint_hours(pm25, o3, ZoneInfo("Asia/Shanghai"))["joint"].tolist()
    [0.0, 1.0]
    """
    table = pd.DataFrame({"pm25": on_hours(pm25), "o3": on_hours(o3)}).astype(float)
    places, days = pd.factorize(pd.DatetimeIndex(table.index).tz_convert(zone).date)
    thresholds = np.array([_thresholds(day) for day in days], dtype=float).reshape(-1, 2)[places]
    table["pm25_threshold"], table["o3_threshold"] = thresholds[:, 0], thresholds[:, 1]
    both = (table["pm25"] > table["pm25_threshold"]) & (table["o3"] > table["o3_threshold"])
    table["joint"] = both.astype(float).where(table["pm25"].notna() & table["o3"].notna())
    return table


def lagged_correlation(
    pm25: pd.Series,
    o3: pd.Series,
    zone: ZoneInfo,
    *,
    given: Sequence[pd.Series] = (),
    maximum_lag_h: int = MAXIMUM_LAG_H,
) -> tuple[BlockCorrelation, ...]:
    """Correlation of daytime O3 with PM2.5 some hours before (positive lag) or after (negative).

    All are taken as anomalies from the mean of their local hour of day, so that the daily cycles, which would give any
    two pollutants a wave of coefficients over the lag, do not count.

    Parameters
    ----------
    pm25, o3 : pd.Series of float, index UTC hour starts
        [µg m⁻³], NaN missing. Ox [ppb] in place of O3 too.
    zone : ZoneInfo
        Of the daytime hours 08:00 to 20:00 of O3.
    given : sequence of pd.Series
        Weather at the hour of O3 that is held constant (partial correlation).
    maximum_lag_h : int
        [h]

    Returns
    -------
    tuple of BlockCorrelation
        For -maximum_lag_h to +maximum_lag_h.

    Raises
    ------
    ValueError
        If one of ``given`` has no two different anomalies.

    Examples
    --------
    >>> import pandas as pd
    >>> import numpy as np
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=40 * 24, freq="h", tz="UTC")
    >>> pm25 = pd.Series(np.random.default_rng(1).normal(50.0, 10.0, len(hours)), index=hours)
    >>> found = lagged_correlation(pm25, pm25.shift(3), ZoneInfo("Asia/Shanghai"), maximum_lag_h=4)
    >>> max(found, key=lambda item: item.r or 0.0).lag
    3
    """
    columns = {"pm25": on_hours(pm25), "o3": on_hours(o3)} | {str(i): on_hours(item) for i, item in enumerate(given)}
    table = pd.DataFrame(columns).astype(float)
    lags = range(-maximum_lag_h, maximum_lag_h + 1)
    local = pd.DatetimeIndex(table.index).tz_convert(zone).tz_localize(None)
    hour = np.asarray(local.hour)
    anomaly = table - table.groupby(hour).transform("mean")
    daytime = np.isin(hour, list(DAYTIME_HOURS))
    date_of = local.normalize()
    day = np.asarray((date_of - date_of[0]).days if len(table) else [], dtype=np.int64)
    return block_correlations(
        anomaly["pm25"].to_numpy(dtype=float),
        np.where(daytime, anomaly["o3"].to_numpy(dtype=float), np.nan),
        day,
        lags,
        given=[anomaly[str(i)].to_numpy(dtype=float) for i in range(len(given))],
        minimum_pairs=MINIMUM_PAIRS,
    )


def _thresholds(day: date) -> tuple[float, float]:
    pm25 = breakpoint_concentration("PM2.5", "1h", _LIGHT_POLLUTION, day)
    o3 = breakpoint_concentration("O3", "1h", _LIGHT_POLLUTION, day)
    return float("nan") if pm25 is None else pm25, float("nan") if o3 is None else o3
