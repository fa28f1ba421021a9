"""Hours of a span, and their mean over stations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from schemas.frames import parameters_in, valid_values

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def mean_of_stations(frames: Iterable[pd.DataFrame], codes: Iterable[str] | None = None) -> pd.DataFrame:
    """Mean of the valid stations hour by hour, each with the same weight; NaN where no station has a valid value.

    Parameters
    ----------
    frames : iterable of DataFrame
        Hours of each station (`schemas.frames` hourly); an hour that is missing counts as not valid.
    codes : iterable of str or None
        Columns of the result; None: every parameter of any station.

    Returns
    -------
    DataFrame
        Index ``start`` (UTC), sorted; units as those of the hours.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> a, b = (pd.DataFrame({"o3": values}, index=hours) for values in ([1.0, 4.0], [3.0, None]))
    >>> mean_of_stations([a, b])["o3"].tolist()
    [2.0, 4.0]
    """
    found = list(frames)
    every = (code for frame in found for code in parameters_in(frame))
    wanted = list(dict.fromkeys(every if codes is None else codes))
    if not found:
        return pd.DataFrame(columns=wanted, index=pd.DatetimeIndex([], tz="UTC", name="start"), dtype=float)
    means = {code: pd.concat([valid_values(frame, code) for frame in found], axis=1).mean(axis=1) for code in wanted}
    return pd.DataFrame(means).sort_index().rename_axis("start")


def hours_within(frame: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """Rows whose start lies in ``[start, end)``; moments with a zone.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=3, freq="h", tz="UTC", name="start")
    >>> hours_within(pd.DataFrame({"o3": [1.0, 2.0, 3.0]}, index=hours), hours[1], hours[2])["o3"].tolist()
    [2.0]
    """
    return frame[(frame.index >= pd.Timestamp(start)) & (frame.index < pd.Timestamp(end))]
