"""One station: its latest values with their flags, and what was refused of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schemas.flagged import join_native
from schemas.frames import STATUS, parameters_in
from schemas.reading import Status

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from console.view.link import InstrumentHealth
    from schemas.flagged import RecordedFlags
    from store.state import QuarantinedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue:
    """Latest value of a channel, of the interval that begins at ``start`` (UTC).

    ``status`` is empty for normal, ``notes`` are the tests that complained.
    """

    parameter: str
    start: datetime
    value: float
    flag: int
    status: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentValues:
    """Latest values of an instrument, all of one interval or a few; ``start`` of the latest, UTC."""

    network: str
    instrument_id: str
    start: datetime
    values: tuple[LastValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonGroup:
    """What was refused for one reason: how many, and the newest."""

    reason: str
    count: int
    entries: tuple[QuarantinedItem, ...]


def last_values(instrument: InstrumentHealth, native: pd.DataFrame, verdicts: RecordedFlags) -> InstrumentValues | None:
    """Latest value of each parameter in a native frame; None where the frame is empty."""
    if native.empty:
        return None
    found = [_last_value(code, native, instrument.instrument_id, verdicts) for code in parameters_in(native)]
    start = native.index[-1].to_pydatetime()
    values = tuple(value for value in found if value is not None)
    return InstrumentValues(
        network=instrument.network, instrument_id=instrument.instrument_id, start=start, values=values
    )


def _last_value(code: str, native: pd.DataFrame, instrument_id: str, verdicts: RecordedFlags) -> LastValue | None:
    there = np.flatnonzero(native[code].notna().to_numpy())
    if not there.size:
        return None
    # the one row alone: joining verdicts to all of them takes far longer
    row = native.iloc[[there[-1]]]
    joined = join_native(verdicts, instrument_id, code, row[code])
    status = row[code + STATUS].iloc[0] if code + STATUS in row else None
    return LastValue(
        parameter=code,
        start=row.index[0].to_pydatetime(),
        value=float(row[code].iloc[0]),
        flag=int(joined.flags[0]),
        status=status if isinstance(status, str) and status != Status.NORMAL else "",
        notes=str(joined.notes[0]),
    )
