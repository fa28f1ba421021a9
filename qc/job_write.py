"""Saving what a run found: hours and verdicts.

Errors::

    QcError    the store did not take a result; run again
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from qc import wording
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, concat_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.window import Window
    from store.influx import Bucket, InfluxStore, WriteResult

_KEY = ["start", "station_id", "instrument_id", "parameter", "test"]


class QcError(RuntimeError):
    """The store did not take a result; nothing is lost, run again."""


def save_flags(
    store: InfluxStore,
    bucket: Bucket,
    network: str,
    *,
    window: Window,
    flags: pd.DataFrame,
    last_seen: Mapping[tuple[str, str], pd.Timestamp],
) -> int:
    """Write the verdicts, and PASS in the place of earlier ones that no longer hold; returns the number of these."""
    earlier = store.read_flags(bucket, network, window.start, window.end)
    gone = earlier[~keys_of(earlier).isin(keys_of(flags))] if len(earlier) else earlier
    if len(gone):
        gone = gone[[_is_judged(row, last_seen) for row in gone[_KEY].itertuples(index=False)]]
    back = gone.assign(flag=int(Flag.PASS), reason=wording.taken_back()) if len(gone) else gone
    take(store.write_flags(bucket, network, concat_flags([flags, back])[list(FLAG_COLUMNS)]), "flags")
    return len(back)


def keys_of(flags: pd.DataFrame) -> pd.MultiIndex:
    """What tells verdicts apart: start, station, instrument, parameter, test."""
    if flags.empty:
        return pd.MultiIndex.from_tuples([], names=_KEY)
    starts = pd.DatetimeIndex(pd.to_datetime(flags["start"], utc=True)).as_unit("us")
    columns = [flags[name].astype(object).where(flags[name].notna(), "") for name in _KEY[1:]]
    return pd.MultiIndex.from_arrays([starts.asi8, *columns], names=_KEY)


def take(result: WriteResult, what: str) -> None:
    """Raise `QcError` unless the store took everything."""
    if result.retry:
        msg = f"the store cannot take {what} now: {result.detail}"
        raise QcError(msg)
    if result.rejected:
        first = result.rejected[0]
        msg = f"the store refused {len(result.rejected)} lines of {what}: {first.reason}"
        raise QcError(msg)


def _is_judged(row: Any, last_seen: Mapping[tuple[str, str], pd.Timestamp]) -> bool:  # noqa: ANN401 - a row of a frame
    """Whether this run could have given the verdict: a gap that is still open at its end cannot be seen by it."""
    if row.test != "gap":
        return True
    seen = last_seen.get((row.station_id, row.instrument_id))
    return seen is not None and row.start < seen
