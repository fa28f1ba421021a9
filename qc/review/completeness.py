"""Share of reviewed hours of a station. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.review.basis import hour_flags
from schemas.flag import Flag
from schemas.frames import REVIEW, parameters_in
from schemas.review import ReviewCode

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def review_completeness(
    level2: pd.DataFrame, hourly: pd.DataFrame, zone: ZoneInfo, *, label: str = "%Y-%m"
) -> pd.DataFrame:
    """Reviewed hours by month (or day) and parameter of a station.

    Parameters
    ----------
    level2 : DataFrame
        Of `reviewed`.
    hourly : DataFrame
        The same hours before review.
    zone : ZoneInfo
        Of the civil months.
    label : str
        Format of the label of a period, from the civil time of an hour.

    Returns
    -------
    DataFrame
        Columns ``period`` (``2026-06``), ``parameter``, ``hours`` (with a value), ``flagged`` (of them SUSPECT or FAIL by the
        tests), ``confirmed`` and ``signed`` (hours with at least that state of review), ``flagged_confirmed``, ``stale``, and
        ``completeness``: confirmed / hours [1], NaN without an hour.
    """
    periods = pd.DatetimeIndex(level2.index).tz_convert(zone).strftime(label)
    parts = []
    for code in parameters_in(hourly):
        there = hourly[code].notna().to_numpy()
        flagged = there & np.isin(hour_flags(hourly, code), (Flag.SUSPECT, Flag.FAIL))
        reach = level2[code + REVIEW].to_numpy()
        confirmed = there & np.isin(reach, (ReviewCode.CONFIRMED, ReviewCode.SIGNED))
        counts = pd.DataFrame(
            {
                "hours": there,
                "flagged": flagged,
                "confirmed": confirmed,
                "signed": there & (reach == ReviewCode.SIGNED),
                "flagged_confirmed": flagged & confirmed,
                "stale": reach == ReviewCode.STALE,
            }
        )
        parts.append(
            counts.groupby(np.asarray(periods)).sum().rename_axis("period").reset_index().assign(parameter=code)
        )
    columns = ["period", "parameter", "hours", "flagged", "confirmed", "signed", "flagged_confirmed", "stale"]
    table = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return table.assign(completeness=table["confirmed"] / table["hours"].where(table["hours"] > 0))
