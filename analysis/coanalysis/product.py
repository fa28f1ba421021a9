"""Product ``copollution_daily`` of one station, and its document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.coanalysis.copollution import joint_days, joint_hours, lagged_correlation
from analysis.coanalysis.statement import summary
from analysis.statistics.daily import daily_mean, ox
from schemas.frames import valid_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import pandas as pd


def joint_products(
    hourly: pd.DataFrame, statistics: pd.DataFrame, zone: ZoneInfo
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Product ``copollution_daily`` of one station, and its document of statements.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly.
    statistics : pd.DataFrame
        Of `analysis.statistics.aqi_frame.daily_statistics`, the same days.
    zone : ZoneInfo

    Returns
    -------
    pd.DataFrame
        Of `joint_days`, with ``joint_hours`` [h] and ``ox_ppb`` [ppb].
    dict
        ``statements`` and ``correlations``.
    """
    pm25, o3 = valid_values(hourly, "pm25"), valid_values(hourly, "o3")
    days, hours = joint_days(statistics, zone), joint_hours(pm25, o3, zone)
    by_day = daily_mean(hours["joint"], zone, minimum=1)
    days["joint_hours"] = (by_day["mean"] * by_day["n"]).reindex(days.index)
    days["ox_ppb"] = daily_mean(ox(hourly), zone)["mean"].reindex(days.index)
    correlations = lagged_correlation(pm25, o3, zone)
    return days, {"statements": summary(days, hours, correlations), "correlations": correlations}
