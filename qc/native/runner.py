"""Native tests of one instrument's readings: frame in, combined flags and flag records out.

A value that failed on a hard ground (status letter, physical range) is missing for the other tests, so that the end of a calibration
is neither a spike nor a step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from qc.native.native_test import NativeResult
from qc.native.series import NativeSeries, Stream
from qc.native.table import TESTS
from qc.native.test import clock, gap, gross_range, status
from qc.native.wind import CALM_M_S, WIND_SPEED
from schemas.flag import Flag, combine
from schemas.frames import FLAG_COLUMNS, STATUS, check_time_index, columns_of, concat_flags, empty_flags, parameters_in
from schemas.parameter import parameter
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from qc.limits.limit import BaseLimit
    from qc.limits.thresholds import Thresholds
    from qc.native.native_test import NativeTest
    from schemas.reason import Explanation

#: Shared, since making an empty frame costs as much as the tests of a day of minutes.
_NO_FLAGS = empty_flags()
_HARD = gross_range.TEST.name
_SOFT: tuple[NativeTest[Any], ...] = tuple(
    test for test in TESTS.values() if test.run is not None and test.name != _HARD
)


@dataclass(frozen=True, slots=True)
class FlaggedNative:
    """Outcome of the native tests.

    Attributes
    ----------
    combined : dict of str to array of int8
        By parameter, one flag a row of the native frame, by precedence.
    records : DataFrame
        `schemas.frames` flags: flags other than PASS and UNKNOWN.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    combined: dict[str, NDArray[np.int8]]
    records: pd.DataFrame
    unevaluated: Counter[str] = field(default_factory=Counter)


def flag_native(native: pd.DataFrame, stream: Stream, thresholds: Thresholds) -> FlaggedNative:
    """Run every native test on every parameter of a stream.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native.
    stream : Stream
    thresholds : Thresholds

    Returns
    -------
    FlaggedNative
        A value that no test could evaluate is UNKNOWN; a missing one is MISSING, or FAIL where a status letter gives the reason.

    Raises
    ------
    FrameError
        If the frame breaks its contract.
    """
    check_time_index(native)
    index = pd.DatetimeIndex(native.index)
    times = index.tz_localize(None).to_numpy()
    local = index.tz_convert(stream.zone)
    months, hours = local.month.to_numpy(dtype=np.int64), local.hour.to_numpy(dtype=np.int64)
    month_span = tuple(np.unique(months).tolist())
    phase = _clock(times, stream, thresholds)
    no_row = gap.gap_test(times, stream.cadence_s)
    combined: dict[str, NDArray[np.int8]] = {}
    records: list[pd.DataFrame] = []
    unevaluated: Counter[str] = Counter()
    for code, values in columns_of(native, parameters_in(native)).items():
        series = NativeSeries(stream, code, parameter(code).unit, values, times, months, hours, month_span)
        series = replace(series, calm=_calm(native, series))
        letters = native[code + STATUS].to_numpy(dtype=object) if code + STATUS in native else None
        results = _results(series, letters, phase, thresholds, unevaluated)
        combined[code] = _combined(values, results)
        records += [_records(series, result) for result in results]
        records.append(_gap_records(series, letters, no_row))
    return FlaggedNative(combined, concat_flags(records), unevaluated)


def _results(
    series: NativeSeries,
    letters: NDArray[np.object_] | None,
    phase: NativeResult | None,
    thresholds: Thresholds,
    unevaluated: Counter[str],
) -> list[NativeResult]:
    """Results of all tests of one parameter, the hard ones first."""
    in_range = run_test(gross_range.TEST, series, thresholds, gross_range.physical_limit(series.code))
    hard = [result for result in (in_range, _status(letters)) if result is not None]
    numbers = series.numbers
    for result in hard:
        numbers = np.where(result.flags == Flag.FAIL, np.nan, numbers)
    if series.calm is not None:
        numbers = np.where(series.calm, np.nan, numbers)
    air = replace(series, numbers=numbers)
    soft = {test.name: run_test(test, air, thresholds) for test in _SOFT}
    found = {**soft, _HARD: in_range, clock.TEST.name: phase}
    unevaluated.update(name for name, result in found.items() if result is None)
    return [*hard, *(result for result in soft.values() if result is not None), *([phase] if phase else [])]


def run_test(
    test: NativeTest[Any], series: NativeSeries, thresholds: Thresholds, default: BaseLimit | None = None
) -> NativeResult | None:
    """Run one test with the limit of each value's month.

    Parameters
    ----------
    default : BaseLimit or None
        Of months without a limit.

    Returns
    -------
    NativeResult or None
        None where no month has a limit.
    """
    kind, run, explain = test.limit, test.run, test.explain
    if kind is None or run is None or explain is None:
        msg = f"{test.name} does not evaluate a series"
        raise TypeError(msg)
    stream, line = series.stream, series if test.as_written else series.on_line()
    limits = {
        month: thresholds.find(kind, series.code, network=stream.network, station_id=stream.station_id, month=month)
        or default
        for month in series.month_span
    }
    flags = _by_month(series, limits, lambda limit: run(line, limit))
    if flags is None:
        return None
    return NativeResult(test, flags, lambda at: explain(series, limits[int(series.months[at])], at))


def _by_month(
    series: NativeSeries, limits: Mapping[int, BaseLimit | None], run: Callable[[BaseLimit], NDArray[np.int8]]
) -> NDArray[np.int8] | None:
    """Flags with the limit of each value's month, UNKNOWN without; None where no month has a limit."""
    different = {id(limit): limit for limit in limits.values() if limit is not None}
    if not different:
        return None
    if len(different) == 1 and None not in limits.values():
        return run(next(iter(different.values())))
    flags = np.full(series.numbers.shape, Flag.UNKNOWN, dtype=np.int8)
    for limit in different.values():
        where = np.isin(series.months, [month for month, of_month in limits.items() if of_month is limit])
        flags[where] = run(limit)[where]
    return flags


def _calm(native: pd.DataFrame, series: NativeSeries) -> NDArray[np.bool_] | None:
    """Rows in which a direction is undefined at calm; None for other parameters and without a wind speed."""
    if series.period is None or WIND_SPEED not in native:
        return None
    calm: NDArray[np.bool_] = native[WIND_SPEED].to_numpy(dtype=np.float64) <= CALM_M_S
    return calm


def _status(letters: NDArray[np.object_] | None) -> NativeResult | None:
    if letters is None:
        return None
    return NativeResult(status.TEST, status.status_test(letters), lambda at: status.explain(str(letters[at])))


def _clock(times: NDArray[np.datetime64], stream: Stream, thresholds: Thresholds) -> NativeResult | None:
    """Result of the times of a stream, the same for all its parameters."""
    rule = thresholds.rule(clock.ClockRule)
    if rule is None:
        return None
    flags = clock.clock_test(times, stream.cadence_s, tolerance_s=rule.tolerance_s, least_share=rule.least_share)
    # A constant phase does not evaluate the value: a value that no test could evaluate must not become a PASS.
    flags[flags == Flag.PASS] = Flag.UNKNOWN
    return NativeResult(clock.TEST, flags, lambda _: clock.explain(stream.cadence_s))


def _combined(values: NDArray[np.float64], results: list[NativeResult]) -> NDArray[np.int8]:
    base = np.where(np.isfinite(values), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    flags = combine([base, *(result.flags for result in results)])
    # A missing value stays missing unless a status letter fails it: a PASS of the letter measures nothing.
    flags[(base == Flag.MISSING) & (flags != Flag.FAIL)] = Flag.MISSING
    return flags


def _records(series: NativeSeries, result: NativeResult) -> pd.DataFrame:
    at = np.flatnonzero((result.flags == Flag.SUSPECT) | (result.flags == Flag.FAIL))
    if not at.size:
        return _NO_FLAGS
    reasons = [_reason(result.test, result.explain(int(position))) for position in at]
    return _flag_frame(series, result.test, series.times[at], result.flags[at], reasons)


def _gap_records(
    series: NativeSeries, letters: NDArray[np.object_] | None, no_row: list[gap.MissingIntervals]
) -> pd.DataFrame:
    """Gaps of one parameter, those of the rows where each has a value; an interval with a status letter is no gap."""
    there = np.isfinite(series.numbers)
    if letters is not None:
        there |= pd.notna(letters)
    cadence_s = series.stream.cadence_s
    gaps = no_row if there.all() else gap.gap_test(series.times[there], cadence_s)
    if not gaps:
        return _NO_FLAGS
    starts = np.array([item.after for item in gaps], dtype=series.times.dtype) + np.timedelta64(cadence_s, "s")
    reasons = [_reason(gap.TEST, gap.explain(item, cadence_s)) for item in gaps]
    return _flag_frame(series, gap.TEST, starts, np.full(len(gaps), Flag.MISSING, dtype=np.int8), reasons)


def _reason(test: NativeTest[Any], explained: Explanation) -> str:
    """Stored text of a reason."""
    kind, figures = explained
    return encode_reason(Reason(test.name, kind, figures))


def _flag_frame(
    owner: NativeSeries,
    test: NativeTest[Any],
    starts: NDArray[np.datetime64],
    flags: NDArray[np.int8],
    reasons: Sequence[str],
) -> pd.DataFrame:
    """Flags frame of one test on one parameter of a stream; ``starts`` are UTC without a zone."""
    frame = pd.DataFrame(
        {"start": pd.DatetimeIndex(starts).as_unit("us").tz_localize("UTC"), "flag": flags, "reason": list(reasons)}
    )
    stream = owner.stream
    owned = frame.assign(
        station_id=stream.station_id, instrument_id=stream.instrument_id, parameter=owner.code, test=test.name
    )
    return owned[list(FLAG_COLUMNS)]
