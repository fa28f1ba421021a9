"""Hours of batches that the gate holds are masked, and counted on the product. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.statistics.aqi_frame import daily_statistics
from analysis.statistics.daily import daily_mean
from schemas.frames import parameters_in
from schemas.gate import failure_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from store.state import HeldBatch


def without_held(
    frames: Mapping[str, Mapping[str, pd.DataFrame]], held: Sequence[HeldBatch]
) -> dict[str, dict[str, pd.DataFrame]]:
    """Hourly frames with the hours of held batches left out.

    Parameters
    ----------
    frames : mapping of str to mapping of str to DataFrame
        By network and station, ``schemas.frames`` hourly.
    held : sequence of HeldBatch
        That block (`HeldBatch.blocks`); of any network.

    Returns
    -------
    dict
        Values are NaN in held hours, so that a day or a moving mean counts them as missing; the frames given are not changed.
    """
    return {
        network: {
            name: _masked(frame, [item for item in held if item.network == network]) for name, frame in of.items()
        }
        for network, of in frames.items()
    }


def _masked(frame: pd.DataFrame, held: Sequence[HeldBatch]) -> pd.DataFrame:
    inside = held_hours(pd.DatetimeIndex(frame.index), held).astype(bool)
    if not inside.any():
        return frame
    masked = frame.copy()
    masked.loc[inside, parameters_in(frame)] = np.nan
    return masked


def held_hours(index: pd.DatetimeIndex, held: Sequence[HeldBatch]) -> pd.Series:
    """1.0 for hours in a held batch, else 0.0, by the starts of hours."""
    inside = np.zeros(len(index), dtype=bool)
    for item in held:
        inside |= np.asarray((index >= pd.Timestamp(item.start)) & (index < pd.Timestamp(item.end)))
    return pd.Series(inside.astype(float), index=index)


def held_statistics(
    hourly: pd.DataFrame, zone: ZoneInfo, held: Sequence[HeldBatch], *, until: datetime | None = None
) -> pd.DataFrame:
    """`analysis.statistics.aqi_frame.daily_statistics`, and ``held_hours``: how many of the day were left out [h].

    The column is always there: a later run without a held batch must be able to write 0 over an earlier figure.
    """
    statistics = daily_statistics(hourly, zone, until=until)
    by_day = daily_mean(held_hours(pd.DatetimeIndex(hourly.index), held), zone, minimum=1)
    return statistics.assign(held_hours=(by_day["mean"] * by_day["n"]).reindex(statistics.index).fillna(0.0))


def held_note(held: Sequence[HeldBatch]) -> list[dict[str, Any]]:
    """Record of the held batches in a product's document."""
    return [
        {
            "id": item.id,
            "network": item.network,
            "start": item.start.isoformat(),
            "end": item.end.isoformat(),
            "failures": [{"reason": failure_reason(one)} for one in item.detail.get("failures", [])],
        }
        for item in held
    ]
