"""Level L2: hours with the reviewers' decisions applied. Pure.

Raw values, automatic flags and reviewed flags stay three layers: `reviewed` returns a new frame with the values as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.review.basis import basis_digests, hour_digests, hour_flags, review_hours
from schemas.flag import Flag
from schemas.flagged import hours_with_flags
from schemas.frames import FLAG, FLAG_COLUMNS, REVIEW, concat_flags, parameters_in
from schemas.reason import reason_text
from schemas.review import CODE_OF, ReviewCode, ReviewVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from schemas.review import Review

_HOUR = pd.Timedelta(hours=1)
_NEW_FLAG = {ReviewVerdict.VALID: Flag.PASS, ReviewVerdict.INVALID: Flag.FAIL, ReviewVerdict.SUSPECT: Flag.SUSPECT}


def reviewed(
    hourly: pd.DataFrame,
    reviews: Sequence[Review],
    records: pd.DataFrame | None = None,
    *,
    least: ReviewCode = ReviewCode.CONFIRMED,
) -> pd.DataFrame:
    """Level L2: the hours of one station with the reviewers' verdicts.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly of one station, level L1.5.
    reviews : sequence of Review
        Of this station and network, in the order in which they were proposed; the later one wins where two cover an hour.
    records : DataFrame or None
        `schemas.frames` flags of the hourly level, one station: flags that were set after the hours (drift) count where no
        review does. The basis of a review is the stored hour, so they make none stale.
    least : ReviewCode
        Least state of a review whose verdict counts.

    Returns
    -------
    DataFrame
        The same values; ``<p>__flag`` after review: *valid* PASS, *invalid* FAIL, *suspect* SUSPECT, *as_flagged* as it was,
        and MISSING stays; ``<p>__review`` (`ReviewCode`). An hour that has changed since its review keeps the automatic
        flag and is STALE.
    """
    columns: dict[str, NDArray[np.int8]] = {}
    index = pd.DatetimeIndex(hourly.index)
    flagged = hourly if records is None or records.empty else hours_with_flags(hourly, records)
    for code in parameters_in(hourly):
        flags = hour_flags(flagged, code)
        reach = np.zeros(len(hourly), dtype=np.int8)
        for review in reviews:
            if review.target.parameter == code and review.state in CODE_OF:
                _apply(review, hour_flags(flagged, code), (index, hourly), flags, reach, least=least)
        columns |= {code + FLAG: flags, code + REVIEW: reach}
    kept = hourly.drop(columns=[name for name in columns if name in hourly])
    ordered = [name for code in parameters_in(hourly) for name in (*_own(kept, code), code + FLAG, code + REVIEW)]
    return kept.assign(**columns)[ordered]


def _own(frame: pd.DataFrame, code: str) -> list[str]:
    return [str(name) for name in frame if str(name) == code or str(name).startswith(code + "__")]


def _apply(
    review: Review,
    before: NDArray[np.int8],
    frame: tuple[pd.DatetimeIndex, pd.DataFrame],
    flags: NDArray[np.int8],
    reach: NDArray[np.int8],
    *,
    least: ReviewCode,
) -> None:
    index, hourly = frame
    inside = _inside(index, review)
    if not inside.any():
        return
    basis = basis_digests(review, len(review_hours(review.target.start, review.target.end)))
    seen = basis[((index[inside] - pd.Timestamp(review.target.start)) // _HOUR).to_numpy(dtype=np.int64)]
    stale = np.zeros(len(index), dtype=bool)
    stale[inside] = hour_digests(hourly, review.target.parameter, index[inside]) != seen
    code = CODE_OF[review.state]
    holds = inside & ~stale
    reach[inside & stale & (reach == ReviewCode.NONE)] = ReviewCode.STALE
    if code < least:
        reach[holds & ((reach == ReviewCode.NONE) | (reach == ReviewCode.STALE))] = code
        return
    new = _NEW_FLAG.get(review.verdict)
    flags[holds] = before[holds] if new is None else np.where(before[holds] == Flag.MISSING, Flag.MISSING, new)
    reach[holds] = code


def _inside(index: pd.DatetimeIndex, review: Review) -> NDArray[np.bool_]:
    start, end = pd.Timestamp(review.target.start), pd.Timestamp(review.target.end)
    return np.asarray((index >= start) & (index < end))


def review_notes(level2: pd.DataFrame, reviews: Sequence[Review]) -> pd.DataFrame:
    """Reviews of hours as a flags frame, test ``review``; the reason names verdict, state and reviewer.

    Parameters
    ----------
    level2 : DataFrame
        Of `reviewed`, one station.
    reviews : sequence of Review
        Of that station.

    Returns
    -------
    DataFrame
        `schemas.frames` flags; the flag is that of the hour, so that joining it changes none.
    """
    parts = []
    index = pd.DatetimeIndex(level2.index)
    for item in reviews:
        code = item.target.parameter
        if code not in level2 or item.state not in CODE_OF:
            continue
        inside = _inside(index, item)
        stale = inside & (level2[code + REVIEW].to_numpy() == ReviewCode.STALE)
        figures = {"verdict": item.verdict, "reason": item.reason, "state": item.state, "who": item.proposed.who}
        given, changed = (reason_text("review", kind, **figures) for kind in ("given", "stale"))
        part = pd.DataFrame({"start": index[inside], "flag": level2[code + FLAG].to_numpy()[inside]})
        part["reason"] = np.where(stale[inside], changed, given)
        parts.append(part.assign(station_id=item.target.station_id, instrument_id=None, parameter=code, test="review"))
    return concat_flags([part[list(FLAG_COLUMNS)] for part in parts])
