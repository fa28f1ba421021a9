"""Basis of a review: a digest of the value and the flag of each hour. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import FLAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.review import Review


_DIGITS = 16
"""Hexadecimal digits of an hour's digest in a basis."""


_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def digest_hours(values: NDArray[np.float64], flags: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Digest of each hour's value and flag; equal for equal hours, also when both have no value.

    Parameters
    ----------
    values : array of float
        Canonical unit; NaN where missing.
    flags : array of int8

    References
    ----------
    FNV-1a, 64 bit (draft-eastlake-fnv). It detects a change; the SHA-256 digests of the trail guard against forgery.
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
    """Basis of a review of ``[start, end)``: the digests of its hours, joined.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly; hours and columns it lacks count as missing.
    parameter : str
    start, end : datetime
        UTC, full hours.
    """
    return "".join(f"{int(item):0{_DIGITS}x}" for item in hour_digests(hourly, parameter, review_hours(start, end)))


def changed_hours(hourly: pd.DataFrame, review: Review) -> pd.DatetimeIndex:
    """Hours of a review whose value or flag has changed since the review."""
    hours = review_hours(review.target.start, review.target.end)
    changed = hour_digests(hourly, review.target.parameter, hours) != basis_digests(review, len(hours))
    return pd.DatetimeIndex(hours[changed])


def describe_changes(reviews: Sequence[Review], hours: Mapping[tuple[str, str], pd.DataFrame], who: str) -> list[str]:
    """Changes in the hours of reviews since they were proposed.

    Parameters
    ----------
    reviews : sequence of Review
    hours : mapping of (str, str) to DataFrame
        `schemas.frames` hourly as it is now, by network and station.
    who : str
        Person who acts on the reviews.
    """
    found = []
    for item in reviews:
        now = hours[item.target.network, item.target.station_id]
        changed = changed_hours(now, item)
        if len(changed):
            found.append(_change_text(item, now, changed, who))
    return found


def _change_text(review: Review, hours: pd.DataFrame, changed: pd.DatetimeIndex, who: str) -> str:
    target, first = review.target, changed[0]
    now = "no hour"
    if first in hours.index and target.parameter in hours:
        row = hours.loc[first]
        now = f"{row[target.parameter]:.6g} with flag {row.get(target.parameter + FLAG)}"
    return (
        f"review {review.id}: {review.proposed.who} saw {target.station_id} {target.parameter} at "
        f"{review.proposed.at:%Y-%m-%dT%H:%MZ}, {len(changed)} of its hours have changed before {who} looked, the first is "
        f"{first:%Y-%m-%dT%H:%MZ}, now {now}"
    )


def hour_flags(hourly: pd.DataFrame, code: str) -> NDArray[np.int8]:
    """Flags of a parameter; without a column PASS where there is a value. A value that is missing is MISSING or FAIL."""
    there = hourly[code].notna().to_numpy()
    if code + FLAG not in hourly:
        return np.where(there, Flag.PASS, Flag.MISSING).astype(np.int8)
    flags = hourly[code + FLAG].fillna(int(Flag.MISSING)).to_numpy(dtype=np.int8).copy()
    flags[~there & (flags != Flag.FAIL)] = Flag.MISSING
    return flags


def hour_digests(hourly: pd.DataFrame, parameter: str, hours: pd.DatetimeIndex) -> NDArray[np.uint64]:
    """Digests of a parameter at some hours; hours and columns that are absent count as missing."""
    if parameter not in hourly:
        return digest_hours(np.full(len(hours), np.nan), np.full(len(hours), Flag.MISSING, dtype=np.int8))
    rows = hourly.reindex(hours)
    return digest_hours(rows[parameter].to_numpy(dtype=np.float64), hour_flags(rows, parameter))


def basis_digests(review: Review, count: int) -> NDArray[np.uint64]:
    """Digests of a review's basis; zeros where its length does not fit the hours."""
    if len(review.basis) != count * _DIGITS:
        return np.zeros(count, dtype=np.uint64)
    return np.frombuffer(bytes.fromhex(review.basis), dtype=">u8").astype(np.uint64)


def review_hours(start: datetime, end: datetime) -> pd.DatetimeIndex:
    """Hours of ``[start, end)``."""
    return pd.date_range(start, end, freq="h", inclusive="left", unit="us", name="start")
