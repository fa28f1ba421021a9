"""What the native series held at an earlier moment, told backwards from what it holds now and what was replaced since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.frames import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from store.influx import InfluxStore
    from store.state import Before, Revision, StateStore


def native_as_of(  # noqa: PLR0913 - the key of a series, its span and the moment
    store: InfluxStore,
    state: StateStore,
    *,
    network: str,
    station_id: str,
    instrument_id: str,
    start: datetime,
    end: datetime,
    moment: datetime,
    cadence: timedelta,
    parameters: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Native frame of one instrument in ``[start, end)`` as it stood at ``moment``.

    Parameters
    ----------
    start, end, moment : datetime
        Aware.
    cadence : timedelta
        A reading is known once its interval is over.
    parameters : sequence of str or None
        None: all.

    Returns
    -------
    DataFrame
        `schemas.frames` native.

    Notes
    -----
    A reading that came in time counts as known from its end on, though it took seconds more; a late one from the moment at which
    its message was received. Of data sets (no late window) only corrections are known.
    """
    frame = store.read_native(network, station_id, instrument_id, start, end, parameters)
    revisions = state.list_revisions(
        start=start, end=end, station_id=station_id, instrument_id=instrument_id, received_after=moment
    )
    frame = frame[pd.DatetimeIndex(frame.index) <= pd.Timestamp(moment - cadence)]
    return told_back(frame, revisions)


def told_back(frame: pd.DataFrame, revisions: Iterable[Revision]) -> pd.DataFrame:
    """Undo revisions, the newest first: old values and letters come back, late readings go.

    Parameters
    ----------
    frame : DataFrame
        `schemas.frames` native; not changed.
    revisions : iterable of Revision
        In the order in which they were received; of other times than the frame's they are left out.
    """
    told = frame.copy()
    for revision in reversed(list(revisions)):
        if revision.before is None:
            index = pd.DatetimeIndex(told.index)
            told = told[(index < pd.Timestamp(revision.first)) | (index > pd.Timestamp(revision.last))]
        elif pd.Timestamp(revision.first) in told.index:
            _put_back(told, pd.Timestamp(revision.first), revision.before)
    return told


def _put_back(told: pd.DataFrame, at: pd.Timestamp, before: Before) -> None:
    """Write values and letters of one reading; columns that are not asked for stay away."""
    for code, value in before.values.items():  # noqa: PD011 - of a reading
        if code in told:
            told.loc[at, code] = np.nan if value is None else value
    for code, letter in before.status.items():
        if letter is not None and code in told and code + STATUS not in told:
            told[code + STATUS] = None
        if code + STATUS in told:
            told.loc[at, code + STATUS] = letter
