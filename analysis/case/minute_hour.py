"""Hours of minutes: what the first version of a case file has before the hour is complete."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_MINUTES = 3
"""Minutes with a value from which an hour has one; project choice."""
_CIRCLE, _TINY = 360.0, 1e-9


def hours_of_minutes(minute: pd.DataFrame) -> pd.DataFrame:
    """Means by UTC hour of what is there, also of an hour that is not complete; the wind direction as a vector mean.

    Parameters
    ----------
    minute : DataFrame
        Index ``start`` UTC; plain columns of parameters, canonical units; NaN where missing.

    Returns
    -------
    DataFrame
        Index: UTC hours; the same columns, NaN below three values.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=4, freq="min", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"wind_direction": [350.0, 10.0, 350.0, 10.0], "so2": [1.0, 2.0, 3.0, np.nan]}, index=index)
    >>> hours_of_minutes(frame).round(3).to_dict("list")
    {'wind_direction': [0.0], 'so2': [2.0]}
    """
    values = minute[[name for name in minute.columns if "__" not in str(name)]].astype(float)
    angle = np.radians(values["wind_direction"]) if "wind_direction" in values else None
    if angle is not None:
        speed = values["wind_speed"] if "wind_speed" in values else pd.Series(1.0, index=values.index)
        values = values.assign(east__=speed * np.sin(angle), north__=speed * np.cos(angle))
    grouped = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    means = grouped.mean().where(grouped.count() >= LEAST_MINUTES)
    if angle is not None:
        turned = np.degrees(np.arctan2(means["east__"].to_numpy(), means["north__"].to_numpy())) % _CIRCLE
        turned = np.where(turned > _CIRCLE - _TINY, 0.0, turned)
        means = means.assign(wind_direction=turned).drop(columns=["east__", "north__"])
    return means.rename_axis("start")
