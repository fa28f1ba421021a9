"""Hours that a bulk review selects. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.review.basis import hour_flags, review_hours
from schemas.flag import Flag
from schemas.review import ReviewTarget

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray


_HOUR = pd.Timedelta(hours=1)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that select hours for a bulk review; an empty field selects all.

    Attributes
    ----------
    flags : tuple of int
        Combined flags of the hour.
    tests : tuple of str
        Tests that have flagged the hour.
    above, below : float or None
        Only values beyond, canonical unit; a missing value is then never chosen.
    """

    flags: tuple[int, ...] = ()
    tests: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None


def select_targets(
    hourly: Mapping[str, pd.DataFrame],
    flags: pd.DataFrame,
    selection: Selection,
    *,
    network: str,
    parameters: Sequence[str],
    interval: tuple[datetime, datetime],
) -> list[ReviewTarget]:
    """Hours that a selection matches, as intervals without holes.

    Parameters
    ----------
    hourly : mapping of str to DataFrame
        `schemas.frames` hourly by station.
    flags : DataFrame
        `schemas.frames` flags; those of native values count for their hour.
    selection : Selection
        Without a condition every hour of the interval is selected, also one that is absent.
    network : str
    parameters : sequence of str
    interval : tuple of datetime
        UTC, full hours, half-open.
    """
    hours = review_hours(*interval)
    targets = []
    for station_id, frame in hourly.items():
        for code in (code for code in parameters if code in frame):
            mask = _mask(frame.reindex(hours), code, selection, _flagged(flags, station_id, code, selection.tests))
            targets += [
                ReviewTarget(network=network, station_id=station_id, parameter=code, start=first, end=last)
                for first, last in _runs(hours, mask)
            ]
    return targets


def _flagged(flags: pd.DataFrame, station_id: str, code: str, tests: Sequence[str]) -> pd.DatetimeIndex:
    mine = flags[(flags["station_id"] == station_id) & (flags["parameter"] == code) & flags["test"].isin(tests)]
    noted = mine[mine["flag"].astype(int) != Flag.PASS]
    return pd.DatetimeIndex(pd.to_datetime(noted["start"], utc=True)).floor("h").unique()


def _mask(rows: pd.DataFrame, code: str, selection: Selection, flagged: pd.DatetimeIndex) -> NDArray[np.bool_]:
    mask = np.ones(len(rows), dtype=bool)
    if selection.flags:
        mask &= np.isin(hour_flags(rows, code), selection.flags)
    if selection.tests:
        mask &= np.asarray(rows.index.isin(flagged))
    values = rows[code].to_numpy(dtype=np.float64)
    if selection.above is not None:
        mask &= values > selection.above
    if selection.below is not None:
        mask &= values < selection.below
    return mask


def _runs(hours: pd.DatetimeIndex, mask: NDArray[np.bool_]) -> list[tuple[datetime, datetime]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [
        (hours[first].to_pydatetime(), (hours[last - 1] + _HOUR).to_pydatetime())
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
