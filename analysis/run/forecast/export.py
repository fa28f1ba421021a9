"""Stored forecasts and scores as tables for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    import pandas as pd

    from store.influx.store import InfluxStore


_CONCENTRATIONS = ("pm25", "pm25_q05", "pm25_q95", "pm25_warn", "mda8", "mda8_q05", "mda8_q95", "mda8_warn")
UNITS = dict.fromkeys(_CONCENTRATIONS, "ug/m3") | dict.fromkeys(("primary_probability", "above_100"), "1")
"""Of the columns of issued days; AQI has none."""


def read_table(
    store: InfluxStore, measurement: str, start: datetime, end: datetime, series: Collection[str] | None
) -> pd.DataFrame:
    """Rows of ``[start, end)`` with the unit of their parameter, where they have one; columns in alphabetical order, ids first.

    Parameters
    ----------
    store : InfluxStore
    measurement : str
        ``forecast_issued``, ``forecast_daily_issued``, ``forecast_score_daily`` or ``forecast_aqi_score_daily``.
    start, end : datetime
        UTC.
    series : collection of str or None
        Stations and city codes; None: all.
    """
    table = store.read_product(measurement, start, end)
    if table.empty:
        return table
    if series is not None:
        table = table[table["station_id"].isin(list(series))]
    table = table.drop(columns=["slot"], errors="ignore")
    ids = ["station_id"]
    if "parameter" in table:
        units = {code: parameter(code).unit for code in table["parameter"].unique()}
        table, ids = table.assign(unit=table["parameter"].map(units)), ["station_id", "parameter", "unit"]
    names = [*ids, *sorted(name for name in map(str, table.columns) if name not in ids)]
    return table[names].sort_index().rename_axis("start").reset_index()
