"""Calibration checks: outcome of a result, and the data that it invalidates. Pure.

A failed check invalidates the data from the last passing check to the next passing one. A target gas makes them
SUSPECT. A drift within tolerance changes nothing without a recorded decision (`qc.calibration.correction`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from qc.calibration.channel import channel_of, inside_of, stream_key
from qc.calibration.limit import FlowCheck, SpanCheck, TargetCheck, ZeroCheck
from schemas.calibration import CheckKind, CheckOutcome, CheckResult
from schemas.flag import Flag
from schemas.parameter import parameter
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds

CALIBRATION_TESTS = ("calibration", "target_gas")
SESSION = timedelta(hours=2)
"""Largest distance of a zero and a span check that belong together; project default."""
_LIMITS: dict[CheckKind, type[ZeroCheck | SpanCheck | FlowCheck | TargetCheck]] = {
    CheckKind.ZERO: ZeroCheck,
    CheckKind.SPAN: SpanCheck,
    CheckKind.FLOW: FlowCheck,
    CheckKind.TARGET: TargetCheck,
}
GOOD = frozenset({CheckOutcome.PASS, CheckOutcome.ADJUST})


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedCheck:
    """One result and its outcome.

    Attributes
    ----------
    drift : float or None
        Zero, span and flow [%], target [canonical unit]; None where it is unknown.
    unit : str
        Of the drift.
    limit : float or None
        The one beyond which data are invalid or suspect, unit of the drift.
    back : timedelta
        How far back data are flagged without an earlier passing check.
    """

    result: CheckResult
    outcome: CheckOutcome
    drift: float | None
    unit: str
    limit: float | None
    back: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedPeriod:
    """Period in which a check invalidates or suspects the data of one parameter; ``end`` None: until the next passing check."""

    network: str
    station_id: str
    instrument_id: str
    parameter: str
    start: datetime
    end: datetime | None
    flag: Flag
    test: str
    reason: str


def zero_drift_pct(response: float, reference: float, full_scale: float) -> float:
    """Zero drift ``(Z' - Z) / URL x 100`` [%].

    Parameters
    ----------
    response, reference : float
        Z', the response to zero gas, and Z, the response when calibrated (or 0).
    full_scale : float
        URL, the upper range limit, same unit.

    References
    ----------
    Drift formulas of the automatic-monitoring norms as copied in secondary sources; the standard's own text was not read.

    Examples
    --------
    >>> zero_drift_pct(12.0, 2.0, 500.0)
    2.0
    """
    return 100 * (response - reference) / full_scale


def span_drift_pct(response: float, reference: float, zero_drift: float = 0.0) -> float:
    """Span drift ``((S' - ZD) - S) / S x 100`` [%].

    Parameters
    ----------
    response, reference : float
        S', the response to span gas, and S, its concentration; above 0.
    zero_drift : float
        ZD, ``Z' - Z`` of the zero check that belongs to it, same unit.

    References
    ----------
    As `zero_drift_pct`.

    Examples
    --------
    >>> span_drift_pct(412.0, 400.0, zero_drift=4.0)
    2.0
    """
    return 100 * ((response - zero_drift) - reference) / reference


def evaluate_checks(results: Iterable[CheckResult], thresholds: Thresholds, zone: ZoneInfo) -> list[EvaluatedCheck]:
    """Outcome of each result, in order of time.

    Parameters
    ----------
    results : iterable of CheckResult
        Of any instruments, in the order of reception; of two at the same time of the same kind and gas the later received
        one counts.
    thresholds : Thresholds
    zone : ZoneInfo
        Of the civil months by which limits may change.

    Returns
    -------
    list of EvaluatedCheck
        UNKNOWN where there is no limit.
    """
    unique = {(*stream_key(item), item.kind, item.gas, item.at): item for item in results}
    ordered = sorted(unique.values(), key=lambda item: (item.at, item.kind is not CheckKind.ZERO))
    zeros: dict[tuple[object, ...], list[CheckResult]] = defaultdict(list)
    for item in ordered:
        if item.kind is CheckKind.ZERO:
            zeros[stream_key(item)].append(item)
    return [_evaluated(item, zeros[stream_key(item)], thresholds, zone) for item in ordered]


def flagged_periods(checks: Sequence[EvaluatedCheck]) -> list[FlaggedPeriod]:
    """Periods in which data are invalid (zero, span, flow) or suspect (target), of any instruments.

    Parameters
    ----------
    checks : sequence of EvaluatedCheck
        From `evaluate_checks`; those of unknown outcome neither end nor begin a period.

    Returns
    -------
    list of FlaggedPeriod
        One for each run of failed checks: from the last good check before it (or ``back`` before it where there is none)
        to the next good one. Zero, span, flow and each target gas are followed separately.
    """
    series: dict[tuple[object, ...], list[EvaluatedCheck]] = defaultdict(list)
    for item in checks:
        if item.outcome is not CheckOutcome.UNKNOWN:
            gas = item.result.gas if item.result.kind is CheckKind.TARGET else ""
            series[*stream_key(item.result), item.result.kind, gas].append(item)
    return [period for of_stream in series.values() for period in _periods_of(of_stream)]


def period_flags(
    times: NDArray[np.datetime64], periods: Sequence[FlaggedPeriod]
) -> list[tuple[FlaggedPeriod, NDArray[np.int8]]]:
    """Flags of values by the periods that touch them: the period's flag inside, PASS outside.

    Parameters
    ----------
    times : array of datetime64, shape (n,)
        Starts of the values, UTC without zone.
    periods : sequence of FlaggedPeriod
        Of the one parameter whose values these are.
    """
    found = []
    for item in periods:
        inside = inside_of(times, item.start, item.end)
        if inside.any():
            found.append((item, np.where(inside, item.flag, Flag.PASS).astype(np.int8)))
    return found


def _evaluated(
    item: CheckResult, zeros: Sequence[CheckResult], thresholds: Thresholds, zone: ZoneInfo
) -> EvaluatedCheck:
    month = item.at.astimezone(zone).month
    limit = thresholds.find(
        _LIMITS[item.kind], item.parameter, network=item.network, station_id=item.station_id, month=month
    )
    unit = parameter(item.parameter).unit if item.kind is CheckKind.TARGET else "%"
    if limit is None:
        return EvaluatedCheck(
            result=item, outcome=CheckOutcome.UNKNOWN, drift=None, unit=unit, limit=None, back=timedelta(0)
        )
    drift = _drift(item, zeros, limit)
    if isinstance(limit, TargetCheck):
        worst, adjust = limit.goal, limit.goal
    else:
        worst, adjust = limit.invalid_pct, limit.adjust_pct
    outcome = CheckOutcome.INVALID if abs(drift) > worst else CheckOutcome.PASS
    if outcome is CheckOutcome.PASS and abs(drift) > adjust:
        outcome = CheckOutcome.ADJUST
    return EvaluatedCheck(
        result=item, outcome=outcome, drift=drift, unit=unit, limit=worst, back=timedelta(hours=limit.back_h)
    )


def _drift(
    item: CheckResult, zeros: Sequence[CheckResult], limit: ZeroCheck | SpanCheck | FlowCheck | TargetCheck
) -> float:
    if isinstance(limit, ZeroCheck):
        return zero_drift_pct(item.response, item.reference, limit.full_scale)
    if isinstance(limit, SpanCheck):
        near = [zero for zero in zeros if abs(zero.at - item.at) <= SESSION]
        zero = min(near, key=lambda one: abs(one.at - item.at), default=None)
        return span_drift_pct(item.response, item.reference, 0.0 if zero is None else zero.response - zero.reference)
    if isinstance(limit, FlowCheck):
        return span_drift_pct(item.response, item.reference)
    return item.response - item.reference


def _periods_of(checks: Sequence[EvaluatedCheck]) -> list[FlaggedPeriod]:
    """Periods of one kind of check of one parameter, in order of time."""
    found: list[FlaggedPeriod] = []
    good: EvaluatedCheck | None = None
    failed: EvaluatedCheck | None = None
    for item in checks:
        if item.outcome is CheckOutcome.INVALID:
            failed = failed or item
            continue
        if failed is not None:
            found.append(_period(failed, good, item.result.at))
        good, failed = item, None
    return [*found, _period(failed, good, None)] if failed is not None else found


def _period(failed: EvaluatedCheck, good: EvaluatedCheck | None, end: datetime | None) -> FlaggedPeriod:
    result = failed.result
    is_target = result.kind is CheckKind.TARGET
    test = "target_gas" if is_target else "calibration"
    figures: dict[str, str | float] = {
        "check": result.kind.value,
        "at": _time(result.at),
        "drift": failed.drift or 0.0,
        "unit": failed.unit,
        "limit": failed.limit or 0.0,
    }
    if good is None:
        reason = reason_text(test, "first", **figures, hours=failed.back / timedelta(hours=1))
    else:
        reason = reason_text(test, "failed", **figures, good_at=_time(good.result.at), good=good.drift or 0.0)
    return FlaggedPeriod(
        **channel_of(result),
        start=result.at - failed.back if good is None else good.result.at,
        end=end,
        flag=Flag.SUSPECT if is_target else Flag.FAIL,
        test=test,
        reason=reason,
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
