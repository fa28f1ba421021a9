"""Hourly tests of one station's hours of one network: hourly frame with flags, and flag records out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.relation.network import network_results
from qc.hourly.table import TESTS
from qc.hourly.test import completeness
from schemas.flag import Flag, combine
from schemas.frames import FLAG, FLAG_COLUMNS, concat_flags, empty_flags, frame_of, parameters_in
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections import Counter

    from numpy.typing import NDArray

    from qc.hourly.context import HourlyContext
    from qc.hourly.hourly_test import HourlyResult
    from qc.native.argument import Flags

#: Shared, since making an empty frame costs as much as the tests of a day of minutes.
_NO_FLAGS = empty_flags()


@dataclass(frozen=True, slots=True)
class FlaggedHours:
    """Outcome of the hourly tests.

    Attributes
    ----------
    hourly : DataFrame
        `schemas.frames` hourly, with ``<p>__flag``.
    records : DataFrame
        `schemas.frames` flags, ``instrument_id`` None.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    hourly: pd.DataFrame
    records: pd.DataFrame
    unevaluated: Counter[str]


def flag_hours(context: HourlyContext) -> FlaggedHours:
    """Run every hourly test on one station's hours."""
    of_network: dict[str, list[HourlyResult]] = {}
    for result in network_results(context):
        of_network.setdefault(result.code, []).append(result)
    combined: dict[str, Flags] = {}
    records: list[pd.DataFrame] = []
    hours = context.hourly.frame
    for code in parameters_in(hours):
        results = [*_of_every_network(context, code), *of_network.get(code, ())]
        empty = ~np.isfinite(context.columns[code])
        results = [_of_values(empty, result) for result in results]
        combined[code + FLAG] = combine([result.flags for result in results])
        records += [_records(context, result) for result in results]
    frame = pd.concat([hours, frame_of(combined, pd.DatetimeIndex(hours.index))], axis=1)
    return FlaggedHours(frame, concat_flags(records), context.unevaluated)


def _of_every_network(context: HourlyContext, code: str) -> list[HourlyResult]:
    """Results of the tests of every network; tests without a limit are counted."""
    results = []
    for test in TESTS.values():
        if test.parameters is not None and code not in test.parameters:
            continue
        result = test.evaluate(context, code)
        if result is None:
            context.unevaluated[test.name] += 1
        else:
            results.append(result)
    return results


def _of_values(empty: NDArray[np.bool_], result: HourlyResult) -> HourlyResult:
    """The result with MISSING for hours without a value, whatever a test concludes from other parameters."""
    if result.test == completeness.TEST.name or not empty.any():
        return result
    recorded = np.zeros(empty.shape, dtype=np.bool_)
    recorded[result.positions()] = True
    flags = np.where(empty, Flag.MISSING, result.flags).astype(np.int8)
    return replace(result, flags=flags, recorded=recorded & ~empty)


def _records(context: HourlyContext, result: HourlyResult) -> pd.DataFrame:
    at = result.positions()
    if not at.size:
        return _NO_FLAGS
    frame = pd.DataFrame(
        {"start": pd.DatetimeIndex(context.times[at]).as_unit("us").tz_localize("UTC"), "flag": result.flags[at]}
    )
    frame["reason"] = [_reason(result, int(position)) for position in at]
    frame = frame.assign(station_id=context.station_id, parameter=result.code, test=result.test)
    frame["instrument_id"] = None
    return frame[list(FLAG_COLUMNS)]


def _reason(result: HourlyResult, at: int) -> str:
    """Stored text of a reason."""
    kind, figures = result.explain(at)
    return encode_reason(Reason(result.test, kind, figures))
