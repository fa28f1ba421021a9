"""Native tests of one instrument's readings: frame in, combined flags and flag records out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc import wording
from qc.limits.thresholds import GrossRange
from qc.native import checks, timing
from qc.native.series import Series, Stream, Verdict
from qc.native.soft import SOFT_TESTS, by_month, judge
from qc.native.wind import CALM_M_S, WIND_SPEED
from schemas.flag import Flag, combine
from schemas.frames import FLAG_COLUMNS, STATUS, check_time_index, columns_of, concat_flags, empty_flags, parameters_in
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds

#: Shared, since making an empty frame costs as much as judging a day of minutes.
_NO_FLAGS = empty_flags()
NATIVE_TESTS = ("status", "gross_range", *SOFT_TESTS, "clock", "gap")

__all__ = ["NATIVE_TESTS", "Flagged", "Stream", "flag_frame", "flag_native"]


@dataclass(frozen=True, slots=True)
class Flagged:
    """Outcome of the native tests.

    Attributes
    ----------
    combined : dict of str to array of int8
        By parameter, one flag a row of the native frame, by precedence.
    records : DataFrame
        `schemas.frames` flags: verdicts other than PASS and UNKNOWN.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    combined: dict[str, NDArray[np.int8]]
    records: pd.DataFrame
    unevaluated: Counter[str] = field(default_factory=Counter)


def flag_native(native: pd.DataFrame, stream: Stream, thresholds: Thresholds) -> Flagged:
    """Run every native test on every parameter of a stream.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native.
    stream : Stream
    thresholds : Thresholds

    Returns
    -------
    Flagged
        A value that no test could judge is UNKNOWN; a missing one is MISSING, or FAIL where a status letter says why.

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
    clock = _clock(times, stream, thresholds)
    no_row = checks.gap_test(times, stream.cadence_s)
    combined: dict[str, NDArray[np.int8]] = {}
    records: list[pd.DataFrame] = []
    unevaluated: Counter[str] = Counter()
    for code, values in columns_of(native, parameters_in(native)).items():
        series = Series(stream, code, parameter(code).unit, values, times, months, hours, month_span)
        series = replace(series, calm=_calm(native, series))
        letters = native[code + STATUS].to_numpy(dtype=object) if code + STATUS in native else None
        verdicts = _verdicts(series, letters, clock, thresholds, unevaluated)
        combined[code] = _combined(values, verdicts)
        records += [_records(series, verdict) for verdict in verdicts]
        records.append(_gap_records(series, letters, no_row))
    return Flagged(combined, concat_flags(records), unevaluated)


def _verdicts(
    series: Series,
    letters: NDArray[np.object_] | None,
    clock: Verdict | None,
    thresholds: Thresholds,
    unevaluated: Counter[str],
) -> list[Verdict]:
    hard = [verdict for verdict in (_range(series, thresholds), _status(letters)) if verdict is not None]
    numbers = series.numbers
    for verdict in hard:
        numbers = np.where(verdict.flags == Flag.FAIL, np.nan, numbers)
    if series.calm is not None:
        numbers = np.where(series.calm, np.nan, numbers)
    air = replace(series, numbers=numbers)
    soft = {name: judge(name, air, thresholds) for name in SOFT_TESTS}
    unevaluated.update(name for name, verdict in soft.items() if verdict is None)
    unevaluated.update(["gross_range"] if all(verdict.test != "gross_range" for verdict in hard) else [])
    unevaluated.update(["clock"] if clock is None else [])
    return [*hard, *(verdict for verdict in soft.values() if verdict is not None), *([clock] if clock else [])]


def _calm(native: pd.DataFrame, series: Series) -> NDArray[np.bool_] | None:
    """Rows in which a direction has no meaning, since there is no wind; None for other parameters and without a wind speed."""
    if series.period is None or WIND_SPEED not in native:
        return None
    calm: NDArray[np.bool_] = native[WIND_SPEED].to_numpy(dtype=np.float64) <= CALM_M_S
    return calm


def _status(letters: NDArray[np.object_] | None) -> Verdict | None:
    if letters is None:
        return None

    def explain(at: int) -> str:
        return wording.reason("status", "letter", letter=letters[at])

    return Verdict("status", checks.status_test(letters), explain)


def _clock(times: NDArray[np.datetime64], stream: Stream, thresholds: Thresholds) -> Verdict | None:
    """Verdict on the times of a stream, the same for all its parameters."""
    rule = thresholds.clock
    if rule is None:
        return None
    flags = timing.clock_test(times, stream.cadence_s, tolerance_s=rule.tolerance_s, least_share=rule.least_share)
    # A good clock says nothing about the value: it must not turn a value that no test could judge into a PASS.
    flags[flags == Flag.PASS] = Flag.UNKNOWN
    return Verdict("clock", flags, lambda _: wording.reason("clock", "off", cadence=stream.cadence_s))


def _combined(values: NDArray[np.float64], verdicts: list[Verdict]) -> NDArray[np.int8]:
    base = np.where(np.isfinite(values), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    flags = combine([base, *(verdict.flags for verdict in verdicts)])
    # A missing value stays missing unless a status letter says that it had to fail: a PASS of the letter measures nothing.
    flags[(base == Flag.MISSING) & (flags != Flag.FAIL)] = Flag.MISSING
    return flags


def _range(series: Series, thresholds: Thresholds) -> Verdict | None:
    known = parameter(series.code)
    physical = (
        -np.inf if known.range_min is None else known.range_min,
        np.inf if known.range_max is None else known.range_max,
    )

    def spans(limit: GrossRange) -> tuple[tuple[float, float], tuple[float, float]]:
        fail = (
            physical[0] if limit.fail_min is None else limit.fail_min,
            physical[1] if limit.fail_max is None else limit.fail_max,
        )
        low = fail[0] if limit.suspect_min is None else max(limit.suspect_min, fail[0])
        high = fail[1] if limit.suspect_max is None else min(limit.suspect_max, fail[1])
        return fail, (low, high)

    def explain(limit: GrossRange, at: int) -> str:
        value, (fail, suspect) = float(series.numbers[at]), spans(limit)
        kind = "plausible" if fail[0] <= value <= fail[1] else "physical"
        low, high = suspect if kind == "plausible" else fail
        return wording.reason("gross_range", kind, value=value, unit=series.unit, low=low, high=high)

    # Without a limit of its own a parameter still has the physical range of the registry, if that has any bound.
    default = (
        None
        if np.isinf(physical).all()
        else GrossRange(unit=known.unit, source=known.range_source or "", verified=False)
    )
    stream = series.stream

    def find(month: int) -> GrossRange | None:
        found = thresholds.find(
            GrossRange, series.code, network=stream.network, station_id=stream.station_id, month=month
        )
        return found or default

    return by_month(
        series, find, lambda limit: checks.gross_range_test(series.numbers, *spans(limit)), explain, "gross_range"
    )


def _records(series: Series, verdict: Verdict) -> pd.DataFrame:
    at = np.flatnonzero((verdict.flags == Flag.SUSPECT) | (verdict.flags == Flag.FAIL))
    if not at.size:
        return _NO_FLAGS
    reasons = [verdict.explain(int(position)) for position in at]
    return flag_frame(series, verdict.test, series.times[at], verdict.flags[at], reasons)


def _gap_records(series: Series, letters: NDArray[np.object_] | None, no_row: list[checks.Gap]) -> pd.DataFrame:
    """Gaps of one parameter, those of the rows where each has a value; a status letter is no gap: the instrument said why there is none."""
    there = np.isfinite(series.numbers)
    if letters is not None:
        there |= pd.notna(letters)
    cadence_s = series.stream.cadence_s
    gaps = no_row if there.all() else checks.gap_test(series.times[there], cadence_s)
    if not gaps:
        return _NO_FLAGS
    starts = np.array([gap.after for gap in gaps], dtype=series.times.dtype) + np.timedelta64(cadence_s, "s")
    reasons = [
        wording.reason(
            "gap", "gap", count=gap.count, cadence=cadence_s, until=f"{np.datetime_as_string(gap.before, unit='s')}Z"
        )
        for gap in gaps
    ]
    return flag_frame(series, "gap", starts, np.full(len(gaps), Flag.MISSING, dtype=np.int8), reasons)


def flag_frame(
    owner: Series, test: str, starts: NDArray[np.datetime64], flags: NDArray[np.int8], reasons: Sequence[str]
) -> pd.DataFrame:
    """Flags frame of one test on one parameter of a stream; ``starts`` are UTC without a zone."""
    if not len(starts):
        return _NO_FLAGS
    frame = pd.DataFrame(
        {"start": pd.DatetimeIndex(starts).as_unit("us").tz_localize("UTC"), "flag": flags, "reason": list(reasons)}
    )
    stream = owner.stream
    owned = frame.assign(
        station_id=stream.station_id, instrument_id=stream.instrument_id, parameter=owner.code, test=test
    )
    return owned[list(FLAG_COLUMNS)]
