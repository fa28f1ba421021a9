"""What the record itself says of the instrument: flags of quality control, and its own status."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.kind.feature_value import Feature
from schemas.flag import Flag
from schemas.frames import FLAG, STATUS

if TYPE_CHECKING:
    from analysis.case.case_input import CaseInput

SUSPECT_PART = 0.25
"""What a SUSPECT hour counts against a FAIL one [1]: soft tests mark real peaks too. Project choice."""
BEFORE = timedelta(hours=6)
"""Marks shortly before the event count half."""
BEFORE_PART = 0.5
_MINUTE_S = 60
FAULTY = frozenset("CMFDBS")
"""Letters of status with which a reading is not one of ambient air; over range (T) may be a real peak."""


def marks_of(given: CaseInput) -> dict[str, Feature]:
    """Features ``flagged`` and ``status`` of the parameter at the station; absent without any mark.

    Parameters
    ----------
    given : CaseInput

    Returns
    -------
    dict of str to Feature
        Values from 0 to 1 [1]: the part of the hours, or minutes, of the event that is marked, or half that of the
        6 h before it, whichever is larger.
    """
    return _flagged(given) | _status(given)


def letters_of(native: pd.DataFrame, cadence_s: int, index: pd.DatetimeIndex) -> dict[str, pd.Series]:
    """Letters of status other than normal by parameter, each for the minutes of its interval.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native, of one instrument.
    cadence_s : int
        Of the instrument [s].
    index : DatetimeIndex
        Minutes, UTC, that are wanted.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=4, freq="min", tz="UTC", name="start")
    >>> native = pd.DataFrame({"so2": [1.0, 2.0], "so2__status": ["D", None]}, index=index[::2])
    >>> letters_of(native, 120, index)["so2"].tolist()
    ['D', 'D']
    """
    found = {}
    steps = max(1, round(cadence_s / _MINUTE_S))
    at = pd.DatetimeIndex(native.index).floor("min")
    for name in (str(item) for item in native.columns if str(item).endswith(STATUS)):
        letters = native[name].astype(object).where(native[name].notna(), "N").set_axis(at)
        by_minute = letters.groupby(level=0).last().reindex(index)
        filled = by_minute.ffill(limit=steps - 1) if steps > 1 else by_minute
        kept = filled[filled.notna() & ~filled.isin(["", "N"])]
        if len(kept):
            found[name.removesuffix(STATUS)] = kept
    return found


def _flagged(given: CaseInput) -> dict[str, Feature]:
    frame = given.hourly.get(given.station.id)
    if frame is None or given.parameter + FLAG not in frame:
        return {}
    flags = frame[given.parameter + FLAG]
    parts = [_between(flags, *span).dropna().to_numpy(dtype=float) for span in _spans(given)]
    counts = [((item == Flag.FAIL).sum(), (item == Flag.SUSPECT).sum(), len(item)) for item in parts]
    value = _joined([(failed + SUSPECT_PART * suspect) / max(hours, 1) for failed, suspect, hours in counts])
    failed, suspect, hours = (int(sum(item)) for item in zip(*counts, strict=True))
    figures: dict[str, float | int | str] = {"failed": failed, "suspect": suspect, "hours": hours}
    return {"flagged": Feature(value=value, figures=figures)} if value > 0 else {}


def _status(given: CaseInput) -> dict[str, Feature]:
    letters = given.letters.get(given.parameter)
    if letters is None:
        return {}
    marked = letters[letters.isin(FAULTY)]
    spans = _spans(given)
    minutes = [max((end - start).total_seconds() / _MINUTE_S, 1.0) for start, end in spans]
    found = [_between(marked, *span) for span in spans]
    value = _joined([len(item) / count for item, count in zip(found, minutes, strict=True)])
    if not value > 0:
        return {}
    both = pd.concat(found)
    figures: dict[str, float | int | str] = {"minutes": len(both), "letter": str(both.mode().iloc[0])}
    return {"status": Feature(value=value, figures=figures)}


def _spans(given: CaseInput) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
    """The window as far as there are data, and the hours before it."""
    start = pd.Timestamp(given.window.start)
    return (start, min(pd.Timestamp(given.window.end), pd.Timestamp(given.now))), (start - BEFORE, start)


def _between(series: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    index = pd.DatetimeIndex(series.index)
    return series[np.asarray((index >= start) & (index < end))]


def _joined(shares: list[float]) -> float:
    inside, before = shares
    return float(np.clip(max(inside, BEFORE_PART * before), 0.0, 1.0))
