"""Batches of products for the gate. Pure.

One row for each stored row of the product (a document makes one), with columns for the figures that the suite checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.gate.batch import AGE

if TYPE_CHECKING:
    from datetime import datetime

    from qc.gate.expectation import Suite
    from schemas.network import Network, Station

SHARE_PRESENT = "share_present"
"""Stored rows of the expected ones [1], the same in every row."""
AQI_GAP, IAQI_GAP, JOINT_GAP, DISORDER = "aqi_gap", "iaqi_gap", "joint_gap", "quantile_disorder"
STATEMENTS, UNTRANSLATED = "statements", "untranslated"
ATTRIBUTION = "attribution"
#: Hours from one row of a station to the next [h]; None: no fixed interval.
PRODUCTS: dict[str, int | None] = {
    "aqi_hourly": 1,
    "aqi_daily": 24,
    "copollution_daily": 24,
    "forecast_hourly": 1,
    ATTRIBUTION: None,
}
_FORECAST_TARGETS = frozenset({"pm25", "pm10", "o3", "no2", "so2", "co"})


def ended(table: pd.DataFrame, hours: int | None, end: datetime) -> pd.DataFrame:
    """Rows of a product whose period is over: a day that is not over has no index yet.

    Parameters
    ----------
    table : DataFrame
        Column ``start``, UTC.
    hours : int or None
        Length of a period [h]; None: the product has none, all rows are kept.
    end : datetime
        Aware.
    """
    if hours is None or table.empty:
        return table
    return table[pd.to_datetime(table["start"], utc=True) + pd.Timedelta(hours=hours) <= pd.Timestamp(end)]


def make_product_batch(
    table: pd.DataFrame, network: Network, suite: Suite, span: tuple[datetime, datetime], now: datetime
) -> pd.DataFrame:
    """The batch of a product.

    Parameters
    ----------
    table : DataFrame
        Columns ``start``, ``station_id`` and those of the product.
    network : Network
        Its gas stations should each have a row a period.
    suite : Suite
        Of one of `PRODUCTS`.
    span : tuple of datetime
        UTC, half-open.
    now : datetime
        For the age of the newest row.

    Returns
    -------
    DataFrame
        Without a row it has the columns that the suite names, so that these do not fail.
    """
    if table.empty:
        named = next(item.kwargs["column_set"] for item in suite.expectations if item.id == "columns")
        return pd.DataFrame({name: pd.Series(dtype=float) for name in named})
    newest = pd.Timestamp(table["start"].max())
    added: dict[str, float] = {AGE: (min(pd.Timestamp(now), pd.Timestamp(span[1])) - newest) / pd.Timedelta(hours=1)}
    every = PRODUCTS[suite.name]
    if every is not None:
        live = [item for item in network.stations_of("gas") if item.late_window_h]
        periods = max(1.0, (span[1] - span[0]).total_seconds() / 3600 / every)
        series = sum(_measured(item) if suite.name == "forecast_hourly" else 1 for item in live)
        there = table[table["station_id"].isin([item.id for item in live])]
        added[SHARE_PRESENT] = min(1.0, len(there) / (series * periods)) if series else 1.0
    return table.assign(**added).assign(**_relations(table)).reset_index(drop=True)


def _measured(station: Station) -> int:
    """Pollutants of the forecast that a station measures."""
    codes = {code for item in station.instruments_of("gas") for code in item.parameters}
    return len(codes & _FORECAST_TARGETS)


def _relations(table: pd.DataFrame) -> dict[str, pd.Series]:
    relations: dict[str, pd.Series] = {}
    if {"aqi", "aqi_computed"} <= set(table):
        relations[AQI_GAP] = (table["aqi"] - table["aqi_computed"]).abs()
        parts = [name for name in map(str, table) if name.startswith("iaqi_")]
        if parts:
            relations[IAQI_GAP] = (table["aqi_computed"] - table[parts].max(axis=1)).abs()
    if {"joint", "pm25_exceeds", "o3_exceeds"} <= set(table):
        relations[JOINT_GAP] = (table["joint"] - table["pm25_exceeds"] * table["o3_exceeds"]).abs()
    if {"q10", "value", "q90"} <= set(table):
        above = np.maximum(table["q10"] - table["value"], table["value"] - table["q90"])
        relations[DISORDER] = pd.Series(np.maximum(above, 0.0), index=table.index)
    return relations
