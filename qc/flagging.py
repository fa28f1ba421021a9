"""Native tests of one instrument's readings: frame in, combined flags and flag records out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from qc import checks, checks_eco, wording
from qc.thresholds import FLUX_CADENCE_S, FlatLine, FluxSpike, GrossRange, RateOfChange, Spike
from schemas.flag import Flag, combine
from schemas.frames import FLAG_COLUMNS, STATUS, check_time_index, concat_flags, empty_flags, parameters_in
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.thresholds import Thresholds

_Limit = TypeVar("_Limit", GrossRange, Spike, RateOfChange, FlatLine, FluxSpike)
#: Shared, since making an empty frame costs as much as judging a day of minutes.
_NO_FLAGS = empty_flags()
NATIVE_TESTS = ("status", "gross_range", "spike", "rate_of_change", "flat_line", "flux_spike", "gap")
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The readings of one instrument to one network.

    Attributes
    ----------
    cadence_s : int
        Seconds between two readings [s].
    zone : ZoneInfo
        Of the civil months by which limits may change.
    """

    network: str
    station_id: str
    instrument_id: str
    cadence_s: int
    zone: ZoneInfo


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


@dataclass(frozen=True, slots=True)
class _Series:
    """One parameter of a stream while it is judged."""

    stream: Stream
    code: str
    unit: str
    numbers: NDArray[np.float64]
    times: NDArray[np.datetime64]
    months: NDArray[np.int64]


_Verdict = tuple[str, "NDArray[np.int8]", "Callable[[int], str]"]


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
    months = index.tz_convert(stream.zone).month.to_numpy(dtype=np.int64)
    combined: dict[str, NDArray[np.int8]] = {}
    records: list[pd.DataFrame] = []
    unevaluated: Counter[str] = Counter()
    for code in parameters_in(native):
        values = native[code].to_numpy(dtype=np.float64)
        series = _Series(stream, code, parameter(code).unit, values, times, months)
        letters = native[code + STATUS].to_numpy(dtype=object) if code + STATUS in native else None
        verdicts = _verdicts(series, letters, thresholds, unevaluated)
        combined[code] = _combined(values, verdicts)
        records += [_records(series, verdict) for verdict in verdicts]
        records.append(_gap_records(series, letters))
    return Flagged(combined, concat_flags(records), unevaluated)


def _verdicts(
    series: _Series, letters: NDArray[np.object_] | None, thresholds: Thresholds, unevaluated: Counter[str]
) -> list[_Verdict]:
    found = [
        _range(series, thresholds),
        _spike(series, thresholds),
        _rate(series, thresholds),
        _flat(series, thresholds),
    ]
    names = ("gross_range", "spike", "rate_of_change", "flat_line")
    unevaluated.update(name for name, verdict in zip(names, found, strict=True) if verdict is None)
    if series.code in checks_eco.FLUXES and series.stream.cadence_s == FLUX_CADENCE_S:
        found.append(_flux_spike(series, thresholds))
        unevaluated.update(["flux_spike"] if found[-1] is None else [])
    verdicts = [verdict for verdict in found if verdict is not None]
    if letters is not None:
        given = letters
        flags = checks.status_test(given)
        verdicts.append(
            (
                "status",
                flags,
                lambda at: wording.reason("status", "letter", letter=given[at], word=wording.letter_word(given[at])),
            )
        )
    return verdicts


def _combined(values: NDArray[np.float64], verdicts: list[_Verdict]) -> NDArray[np.int8]:
    base = np.where(np.isfinite(values), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    flags = combine([base, *(flags for _, flags, _ in verdicts)])
    # A missing value stays missing unless a status letter says that it had to fail: a PASS of the letter measures nothing.
    flags[(base == Flag.MISSING) & (flags != Flag.FAIL)] = Flag.MISSING
    return flags


def _by_month(
    series: _Series,
    find: Callable[[int], _Limit | None],
    run: Callable[[_Limit], NDArray[np.int8]],
    explain: Callable[[_Limit, int], str],
    name: str,
) -> _Verdict | None:
    """Run a test with the limit of each value's month; None where no month has a limit."""
    limits = {int(month): find(int(month)) for month in np.unique(series.months)}
    different = {id(limit): limit for limit in limits.values() if limit is not None}
    if not different:
        return None
    flags = np.full(series.numbers.shape, Flag.UNKNOWN, dtype=np.int8)
    for limit in different.values():
        where = np.isin(series.months, [month for month, of_month in limits.items() if of_month is limit])
        flags[where] = run(limit)[where]

    def explain_at(at: int) -> str:
        limit = limits[int(series.months[at])]
        return "" if limit is None else explain(limit, at)

    return name, flags, explain_at


def _range(series: _Series, thresholds: Thresholds) -> _Verdict | None:
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
    find = _finder(GrossRange, series, thresholds)
    return _by_month(
        series,
        lambda month: find(month) or default,
        lambda limit: checks.gross_range_test(series.numbers, *spans(limit)),
        explain,
        "gross_range",
    )


def _finder(kind: type[_Limit], series: _Series, thresholds: Thresholds) -> Callable[[int], _Limit | None]:
    stream = series.stream
    return lambda month: thresholds.find(
        kind, series.code, network=stream.network, station_id=stream.station_id, month=month
    )


def _spike(series: _Series, thresholds: Thresholds) -> _Verdict | None:
    def run(limit: Spike) -> NDArray[np.int8]:
        return checks.spike_test(
            series.numbers, limit.suspect, relative=limit.relative, method=checks.SpikeMethod.DIFFERENTIAL
        )

    def explain(limit: Spike, at: int) -> str:
        before, value, after = map(float, series.numbers[at - 1 : at + 2])
        return wording.reason(
            "spike", "step", value=value, unit=series.unit, before=before, after=after, limit=limit.suspect
        )

    return _by_month(series, _finder(Spike, series, thresholds), run, explain, "spike")


def _rate(series: _Series, thresholds: Thresholds) -> _Verdict | None:
    def run(limit: RateOfChange) -> NDArray[np.int8]:
        return checks.rate_of_change_test(series.numbers, series.times, limit.suspect_per_minute / _MINUTE_S)

    def explain(limit: RateOfChange, at: int) -> str:
        before, value = map(float, series.numbers[at - 1 : at + 1])
        seconds = float((series.times[at] - series.times[at - 1]) / np.timedelta64(1, "s"))
        return wording.reason(
            "rate_of_change",
            "step",
            before=before,
            value=value,
            unit=series.unit,
            seconds=seconds,
            limit=limit.suspect_per_minute,
        )

    return _by_month(series, _finder(RateOfChange, series, thresholds), run, explain, "rate_of_change")


def _flat(series: _Series, thresholds: Thresholds) -> _Verdict | None:
    def run(limit: FlatLine) -> NDArray[np.int8]:
        flags = checks.flat_line_test(series.numbers, series.times, limit.suspect_s, tolerance=limit.tolerance)
        if limit.above is not None:
            flags[(flags == Flag.SUSPECT) & (series.numbers <= limit.above)] = Flag.PASS
        return flags

    def explain(limit: FlatLine, at: int) -> str:
        return wording.reason(
            "flat_line",
            "flat",
            tolerance=limit.tolerance,
            unit=series.unit,
            hours=limit.suspect_s / 3600,
            value=float(series.numbers[at]),
        )

    return _by_month(series, _finder(FlatLine, series, thresholds), run, explain, "flat_line")


def _flux_spike(series: _Series, thresholds: Thresholds) -> _Verdict | None:
    def run(limit: FluxSpike) -> NDArray[np.int8]:
        window = limit.window_h * 3600 // FLUX_CADENCE_S
        return checks_eco.flux_spikes_of(series.numbers, series.times, factor=limit.factor, window=window)

    def explain(limit: FluxSpike, at: int) -> str:
        value = float(series.numbers[at])
        return wording.reason("flux_spike", "double", value=value, unit=series.unit, factor=limit.factor)

    return _by_month(series, _finder(FluxSpike, series, thresholds), run, explain, "flux_spike")


def _records(series: _Series, verdict: _Verdict) -> pd.DataFrame:
    name, flags, explain = verdict
    at = np.flatnonzero((flags == Flag.SUSPECT) | (flags == Flag.FAIL))
    return flag_frame(series, name, series.times[at], flags[at], [explain(int(position)) for position in at])


def _gap_records(series: _Series, letters: NDArray[np.object_] | None) -> pd.DataFrame:
    """Gaps of one parameter; a row with a status letter is no gap, the instrument said why it has no value."""
    there = np.isfinite(series.numbers)
    if letters is not None:
        there |= pd.notna(letters)
    cadence_s = series.stream.cadence_s
    gaps = checks.gap_test(series.times[there], cadence_s)
    starts = np.array([gap.after for gap in gaps], dtype=series.times.dtype) + np.timedelta64(cadence_s, "s")
    reasons = [
        wording.reason(
            "gap", "gap", count=gap.count, cadence=cadence_s, until=f"{np.datetime_as_string(gap.before, unit='s')}Z"
        )
        for gap in gaps
    ]
    return flag_frame(series, "gap", starts, np.full(len(gaps), Flag.MISSING, dtype=np.int8), reasons)


def flag_frame(
    owner: _Series, test: str, starts: NDArray[np.datetime64], flags: NDArray[np.int8], reasons: Sequence[str]
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
