"""Statistics of the civil day from hourly means, with the validity rules of the standard.

Hours carry the label of their start. A day is the civil day of the network's zone; its row carries the UTC start.

References
----------
GB 3095-2026 Table 4 (the same figures in GB 3095-2012): 24 h mean from at least 20 valid hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from schemas.frames import check_time_index, valid_values
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

MINIMUM_HOURS_OF_DAY = 20
"""Valid hourly means of a valid 24 h mean (GB 3095-2026 Table 4)."""


def on_hours(values: pd.Series) -> pd.Series:
    """Series on every hour between its first and last; NaN where there was none.

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.DatetimeIndex(["2026-05-01T00:00", "2026-05-01T02:00"], tz="UTC", name="start")
    >>> on_hours(pd.Series([1.0, 3.0], index=index)).tolist()
    [1.0, nan, 3.0]
    """
    check_time_index(values)
    return values.astype(float) if values.empty else values.astype(float).asfreq("h")


def on_days(values: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Series on every hour of the civil days that it touches; NaN where there was none.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> index = pd.DatetimeIndex(["2026-05-01T00:00"], tz="UTC", name="start")
    >>> len(on_days(pd.Series([1.0], index=index), ZoneInfo("Asia/Shanghai")))
    24
    """
    series = on_hours(values)
    if series.empty:
        return series
    index = _index(series)
    first, last = (moment.tz_convert(zone).normalize() for moment in (index[0], index[-1]))
    # hours are of UTC: where the civil day begins within one, its first hour is the next
    bounds = (first.tz_convert("UTC").ceil("h"), (last + pd.DateOffset(days=1)).tz_convert("UTC").ceil("h"))
    return series.reindex(pd.date_range(*bounds, freq="h", inclusive="left", name=index.name))


def day_starts(index: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    """UTC start of the civil day of each hour.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> day_starts(pd.DatetimeIndex(["2026-05-01T03:00"], tz="UTC"), ZoneInfo("Asia/Shanghai"))[0].isoformat()
    '2026-04-30T16:00:00+00:00'
    """
    return index.tz_convert(zone).normalize().tz_convert("UTC")


def civil_date(start: datetime, zone: ZoneInfo) -> date:
    """Civil day of a moment.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> civil_date(datetime(2026, 4, 30, 16, tzinfo=UTC), ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-05-01'
    """
    return start.astimezone(zone).date()


def daily_mean(values: pd.Series, zone: ZoneInfo, *, minimum: int = MINIMUM_HOURS_OF_DAY) -> pd.DataFrame:
    """24 h means of the civil days.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        Any unit; NaN is missing.
    zone : ZoneInfo
    minimum : int
        Valid hours of a valid day.

    Returns
    -------
    pd.DataFrame
        Index ``start`` (UTC start of the civil day); ``mean`` (NaN unless valid), ``n`` valid hours, ``valid``.

    References
    ----------
    GB 3095-2026 Table 4.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-04-30T16:00", periods=24, freq="h", tz="UTC")
    >>> found = daily_mean(pd.Series([30.0] * 12 + [50.0] * 12, index=hours), ZoneInfo("Asia/Shanghai"))
    >>> found[["mean", "n"]].to_numpy().tolist()
    [[40.0, 24.0]]
    """
    return _valid_days(values, zone, "mean", minimum).rename(columns={"statistic": "mean"})


def daily_maximum(values: pd.Series, zone: ZoneInfo, *, minimum: int = MINIMUM_HOURS_OF_DAY) -> pd.DataFrame:
    """Largest hourly mean of the civil days (for O3 1 h).

    Parameters and columns (``maximum, n, valid``) as in `daily_mean`. The standard gives no number of hours for a daily
    maximum of 1 h means; that of the daily mean is used.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-04-30T16:00", periods=24, freq="h", tz="UTC")
    >>> found = daily_maximum(pd.Series(range(24), index=hours, dtype=float), ZoneInfo("Asia/Shanghai"))
    >>> found["maximum"].tolist()
    [23.0]
    """
    return _valid_days(values, zone, "max", minimum).rename(columns={"statistic": "maximum"})


def ox(hourly: pd.DataFrame) -> pd.Series:
    """Total oxidant Ox = O3 + NO2 of the hours where both are valid [ppb at 298.15 K and 1013.25 hPa].

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly; ``o3`` and ``no2`` in µg m⁻³.

    Returns
    -------
    pd.Series
        [ppb]; NaN where either is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> ox(pd.DataFrame({"o3": [100.0], "no2": [40.0]}, index=hours)).round(1).tolist()
    [72.2]
    """
    check_time_index(hourly)
    o3, no2 = (valid_values(hourly, code) / conversion("ppb", parameter(code))[0] for code in ("o3", "no2"))
    return (o3 + no2).rename("ox")


def _index(values: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(values.index)


def _valid_days(values: pd.Series, zone: ZoneInfo, name: str, minimum: int) -> pd.DataFrame:
    """A statistic of pandas by civil day: ``statistic`` (NaN unless valid), ``n``, ``valid``."""
    series = on_hours(values)
    grouped = series.groupby(day_starts(_index(series), zone))
    table = pd.DataFrame({"statistic": grouped.agg(name), "n": grouped.count()})
    table["valid"] = table["n"] >= minimum
    table["statistic"] = table["statistic"].where(table["valid"])
    return table.rename_axis("start")
