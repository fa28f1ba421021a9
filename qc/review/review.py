"""Review of hours (L2), the pure part: what a verdict does to a frame, what it was made upon, what is chosen and what is left.

Raw values, automatic flags and reviewed flags stay three layers: `reviewed` returns a new frame with the values as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.flagged import hours_with_flags
from schemas.frames import FLAG, FLAG_COLUMNS, REVIEW, concat_flags, parameters_in
from schemas.reason import reason_text
from schemas.review import CODE_OF, ReviewCode, ReviewTarget, ReviewVerdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from schemas.review import Review

_HOUR = pd.Timedelta(hours=1)
_DIGITS = 16
"""Hexadecimal digits of an hour's digest in a basis."""
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_NEW_FLAG = {ReviewVerdict.VALID: Flag.PASS, ReviewVerdict.INVALID: Flag.FAIL, ReviewVerdict.SUSPECT: Flag.SUSPECT}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which hours an act on many means; an empty field takes all.

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


def digest_hours(values: NDArray[np.float64], flags: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Digest of each hour's value and flag; equal for equal hours, also when both have no value.

    Parameters
    ----------
    values : array of float
        Canonical unit; NaN where missing.
    flags : array of int8

    References
    ----------
    FNV-1a, 64 bit (draft-eastlake-fnv). It tells a change; the trail's own digests, SHA-256, guard against forgery.
    """
    # one bit pattern for every NaN, and for both zeros
    plain = np.where(np.isnan(values), np.nan, values + 0.0)
    octets = np.concatenate(
        [plain.astype(">f8").view(np.uint8).reshape(-1, 8), flags.astype(np.uint8).reshape(-1, 1)], axis=1
    )
    digests = np.full(values.shape, _FNV_OFFSET)
    with np.errstate(over="ignore"):
        for column in octets.T:
            digests = (digests ^ column.astype(np.uint64)) * _FNV_PRIME
    return digests


def basis_of(hourly: pd.DataFrame, parameter: str, start: datetime, end: datetime) -> str:
    """What a review of ``[start, end)`` is made upon: the digests of its hours, one after the other.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly; hours and columns it lacks count as missing.
    parameter : str
    start, end : datetime
        UTC, full hours.
    """
    return "".join(f"{int(item):0{_DIGITS}x}" for item in _digests(hourly, parameter, _hours(start, end)))


def changed_hours(hourly: pd.DataFrame, review: Review) -> pd.DatetimeIndex:
    """Hours of a review whose value or flag is no longer what the reviewer saw."""
    hours = _hours(review.target.start, review.target.end)
    changed = _digests(hourly, review.target.parameter, hours) != _basis(review, len(hours))
    return pd.DatetimeIndex(hours[changed])


def reviewed(
    hourly: pd.DataFrame,
    reviews: Sequence[Review],
    records: pd.DataFrame | None = None,
    *,
    least: ReviewCode = ReviewCode.CONFIRMED,
) -> pd.DataFrame:
    """Level L2: the hours of one station with the verdicts of people.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly of one station, level L1.5.
    reviews : sequence of Review
        Of this station and network, in the order in which they were proposed; the later one wins where two speak of an hour.
    records : DataFrame or None
        `schemas.frames` flags of the hourly level, one station: verdicts that were made after the hours (drift) count where no
        review does. A review is made upon the hour as it is stored, so that they make none stale.
    least : ReviewCode
        How far a review must have come for its verdict to count.

    Returns
    -------
    DataFrame
        The same values; ``<p>__flag`` after review: *valid* PASS, *invalid* FAIL, *suspect* SUSPECT, *as_flagged* as it was,
        and MISSING stays; ``<p>__review`` (`ReviewCode`). An hour that has changed since its review keeps the automatic
        flag and is STALE.
    """
    columns: dict[str, NDArray[np.int8]] = {}
    index = pd.DatetimeIndex(hourly.index)
    judged = hourly if records is None or records.empty else hours_with_flags(hourly, records)
    for code in parameters_in(hourly):
        flags = _flags(judged, code)
        reach = np.zeros(len(hourly), dtype=np.int8)
        for review in reviews:
            if review.target.parameter == code and review.state in CODE_OF:
                _apply(review, _flags(judged, code), (index, hourly), flags, reach, least=least)
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
    basis = _basis(review, len(_hours(review.target.start, review.target.end)))
    seen = basis[((index[inside] - pd.Timestamp(review.target.start)) // _HOUR).to_numpy(dtype=np.int64)]
    stale = np.zeros(len(index), dtype=bool)
    stale[inside] = _digests(hourly, review.target.parameter, index[inside]) != seen
    code = CODE_OF[review.state]
    holds = inside & ~stale
    reach[inside & stale & (reach == ReviewCode.NONE)] = ReviewCode.STALE
    if code < least:
        reach[holds & ((reach == ReviewCode.NONE) | (reach == ReviewCode.STALE))] = code
        return
    new = _NEW_FLAG.get(review.verdict)
    flags[holds] = before[holds] if new is None else np.where(before[holds] == Flag.MISSING, Flag.MISSING, new)
    reach[holds] = code


def _flags(hourly: pd.DataFrame, code: str) -> NDArray[np.int8]:
    """Flags of a parameter; without a column PASS where there is a value. A value that is missing is MISSING or FAIL."""
    there = hourly[code].notna().to_numpy()
    if code + FLAG not in hourly:
        return np.where(there, Flag.PASS, Flag.MISSING).astype(np.int8)
    flags = hourly[code + FLAG].fillna(int(Flag.MISSING)).to_numpy(dtype=np.int8).copy()
    flags[~there & (flags != Flag.FAIL)] = Flag.MISSING
    return flags


def _digests(hourly: pd.DataFrame, parameter: str, hours: pd.DatetimeIndex) -> NDArray[np.uint64]:
    if parameter not in hourly:
        return digest_hours(np.full(len(hours), np.nan), np.full(len(hours), Flag.MISSING, dtype=np.int8))
    rows = hourly.reindex(hours)
    return digest_hours(rows[parameter].to_numpy(dtype=np.float64), _flags(rows, parameter))


def _basis(review: Review, count: int) -> NDArray[np.uint64]:
    """Digests the review was made upon; a basis of another length fits no hour."""
    if len(review.basis) != count * _DIGITS:
        return np.zeros(count, dtype=np.uint64)
    return np.frombuffer(bytes.fromhex(review.basis), dtype=">u8").astype(np.uint64)


def _inside(index: pd.DatetimeIndex, review: Review) -> NDArray[np.bool_]:
    start, end = pd.Timestamp(review.target.start), pd.Timestamp(review.target.end)
    return np.asarray((index >= start) & (index < end))


def _hours(start: datetime, end: datetime) -> pd.DatetimeIndex:
    return pd.date_range(start, end, freq="h", inclusive="left", unit="us", name="start")


def select_targets(
    hourly: Mapping[str, pd.DataFrame],
    flags: pd.DataFrame,
    selection: Selection,
    *,
    network: str,
    parameters: Sequence[str],
    interval: tuple[datetime, datetime],
) -> list[ReviewTarget]:
    """Hours that a selection means, as intervals without holes.

    Parameters
    ----------
    hourly : mapping of str to DataFrame
        `schemas.frames` hourly by station.
    flags : DataFrame
        `schemas.frames` flags; those of native values count for their hour.
    selection : Selection
        Without any condition every hour of the interval is meant, also one that is not there.
    network : str
    parameters : sequence of str
    interval : tuple of datetime
        UTC, full hours, half-open.
    """
    hours = _hours(*interval)
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
    told = mine[mine["flag"].astype(int) != Flag.PASS]
    return pd.DatetimeIndex(pd.to_datetime(told["start"], utc=True)).floor("h").unique()


def _mask(rows: pd.DataFrame, code: str, selection: Selection, flagged: pd.DatetimeIndex) -> NDArray[np.bool_]:
    mask = np.ones(len(rows), dtype=bool)
    if selection.flags:
        mask &= np.isin(_flags(rows, code), selection.flags)
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


def review_completeness(
    level2: pd.DataFrame, hourly: pd.DataFrame, zone: ZoneInfo, *, label: str = "%Y-%m"
) -> pd.DataFrame:
    """How far the months (or days) of a station are reviewed.

    Parameters
    ----------
    level2 : DataFrame
        Of `reviewed`.
    hourly : DataFrame
        The same hours before review.
    zone : ZoneInfo
        Of the civil months.
    label : str
        Names a period out of the civil time of an hour.

    Returns
    -------
    DataFrame
        Columns ``period`` (``2026-06``), ``parameter``, ``hours`` (with a value), ``flagged`` (of them SUSPECT or FAIL by the
        tests), ``confirmed`` and ``signed`` (hours reviewed so far or further), ``flagged_confirmed``, ``stale``, and
        ``completeness``: confirmed / hours [1], NaN without an hour.
    """
    periods = pd.DatetimeIndex(level2.index).tz_convert(zone).strftime(label)
    parts = []
    for code in parameters_in(hourly):
        there = hourly[code].notna().to_numpy()
        flagged = there & np.isin(_flags(hourly, code), (Flag.SUSPECT, Flag.FAIL))
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
