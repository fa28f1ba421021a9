"""Completeness: the part of the expected values that is present. The one definition, for quality control, pages and API.

An instrument is expected to give ``floor(3600 / cadence)`` values an hour, at least one; one slower than hourly has rows only for
the hours in which a value starts, each of them complete. A value covers the time up to the next one, at most one cadence, so a
burst of readings counts once. Quality control stores the completeness of an hour with its mean (``<p>__completeness``), and
everything else reads it from there.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from schemas.frames import COMPLETENESS, COUNT, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]
    _Service = tuple[int, datetime | None, datetime | None]

MINUTE_S = 60
HOUR_S = 3600


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """That an instrument should give values of a parameter, from ``since`` to before ``until`` (None: open)."""

    parameter: str
    cadence_s: int
    since: datetime | None = None
    until: datetime | None = None


def expected_of(station: Station, network: str) -> list[Expected]:
    """What the instruments of a station should give to a network."""
    return [
        Expected(parameter=code, cadence_s=item.cadence_s, since=item.since, until=item.until)
        for item in station.instruments_of(network)
        for code in item.parameters
    ]


def expected_count(cadence_s: int) -> int:
    """Values that every hour must hold at a cadence [s], at least 1."""
    return max(1, HOUR_S // cadence_s)


def covered_share(seconds: Field, row: NDArray[np.int64], hours: int, *, cadence_s: int) -> Field:
    """Completeness of hours from the times of the values in them, 0 to 1 [1].

    Parameters
    ----------
    seconds : array of float
        Starts of the values, ascending [s].
    row : array of int
        Position of the hour of each value.
    hours : int
        Hours [1].
    cadence_s : int
        [s]
    """
    steps = np.append(np.diff(seconds), cadence_s) if row.size else seconds
    covered = np.bincount(row, weights=np.minimum(steps, cadence_s) / cadence_s, minlength=hours)
    slots = np.maximum(np.rint(covered), np.bincount(row, minlength=hours) > 0)
    share: Field = np.minimum(slots / expected_count(cadence_s), 1.0)
    return share


def hour_completeness(hourly: pd.DataFrame, parameter: str, expected: float | None) -> Field:
    """Completeness of each hour of a `schemas.frames` hourly frame, 0 to 1 [1].

    Parameters
    ----------
    expected : float or None
        Values a full hour holds, for hours that were stored without their completeness; None: NaN for these.
    """
    names = [name for name in (parameter, parameter + COUNT, parameter + COMPLETENESS) if name in hourly]
    return _share(columns_of(hourly, names), parameter, expected, len(hourly))


def _share(columns: Mapping[str, Field], parameter: str, expected: float | None, hours: int) -> Field:
    if parameter + COUNT in columns:
        counts = np.nan_to_num(columns[parameter + COUNT], nan=0.0)
    elif parameter in columns:
        counts = np.isfinite(columns[parameter]) * (expected or np.nan)
    else:
        counts = np.zeros(hours)
    by_count = np.clip(counts / (expected or np.nan), 0.0, 1.0)
    stored = columns.get(parameter + COMPLETENESS)
    return by_count if stored is None else np.where(np.isnan(stored), by_count, stored)


def completeness_by(
    hourly: pd.DataFrame, expected: Sequence[Expected], hours: pd.DatetimeIndex, group: NDArray[np.int64], groups: int
) -> Field:
    """Completeness of groups of hours: the mean over the parameters that are expected there, 0 to 1 [1]; NaN where none is.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly of one station; hours without a row are empty.
    expected : sequence of Expected
    hours : DatetimeIndex
        All hours of the groups, UTC, ascending.
    group : array of int
        Number of the group of each hour.
    groups : int
        How many there are [1].
    """
    columns = columns_of(hourly.reindex(hours))
    owners: dict[str, list[Expected]] = {}
    for item in expected:
        owners.setdefault(item.parameter, []).append(item)
    due_hours = {key: _hours_with_values(*key, hours) for key in {_service(item) for item in expected}}
    shares = []
    for code, own in owners.items():
        weight = np.maximum.reduce([due_hours[_service(item)] for item in own])
        counted = max(float(expected_count(item.cadence_s)) for item in own)
        found = np.nan_to_num(_share(columns, code, counted, len(hours))) * (weight > 0)
        due = np.bincount(group, weights=weight, minlength=groups)
        there = np.bincount(group, weights=found, minlength=groups)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares.append(np.where(due > 0, np.minimum(there / due, 1.0), np.nan))
    if not shares:
        return np.full(groups, np.nan)
    known = np.isfinite(shares).sum(axis=0)
    total = np.nansum(shares, axis=0)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def _service(item: Expected) -> _Service:
    return item.cadence_s, item.since, item.until


def _hours_with_values(
    cadence_s: int, since: datetime | None, until: datetime | None, hours: pd.DatetimeIndex
) -> Field:
    """Part of each hour's rows that an instrument is due for: 1 in service, less where it is slower than hourly, else 0 [1]."""
    due = np.full(len(hours), min(1.0, HOUR_S / cadence_s))
    if since is not None:
        due[hours < pd.Timestamp(since).floor("h")] = 0.0
    if until is not None:
        due[hours >= pd.Timestamp(until)] = 0.0
    return due
