"""Corrections of drift within tolerance, by recorded decisions only; stored values are not changed. Pure.

Errors::

    CalibrationError    a correction that cannot be derived or applied
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from qc.calibration.channel import channel_of, inside_of, naive, stream_key
from qc.calibration.check import GOOD, SESSION
from schemas.calibration import CheckKind, CheckResult, Correction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.calibration.check import EvaluatedCheck


class CalibrationError(ValueError):
    """A correction that cannot be derived or applied; the message says why."""


def corrected(
    values: NDArray[np.float64], times: NDArray[np.datetime64], corrections: Sequence[Correction]
) -> NDArray[np.float64]:
    """Values without the drift: ``(value - zero) / gain`` with zero and gain linear in time; a new array.

    Parameters
    ----------
    values : array of float, shape (n,)
        Canonical unit; NaN stays NaN.
    times : array of datetime64, shape (n,)
        Starts, UTC without zone.
    corrections : sequence of Correction
        Of this one parameter, those that hold.

    Raises
    ------
    CalibrationError
        If two of them overlap, one is empty or has a gain that is not above 0.
    """
    ordered = sorted(corrections, key=lambda item: item.start)
    for item in ordered:
        check_correction(item)
    for one, two in pairwise(ordered):
        if two.start < one.end:
            msg = f"corrections of {one.parameter} overlap: {one.start.isoformat()} and {two.start.isoformat()}"
            raise CalibrationError(msg)
    out = values.astype(np.float64, copy=True)
    for item in ordered:
        inside = inside_of(times, item.start, item.end)
        part = (times[inside] - naive(item.start)) / np.timedelta64(round((item.end - item.start).total_seconds()), "s")
        zero = item.zero_start + part * (item.zero_end - item.zero_start)
        gain = item.gain_start + part * (item.gain_end - item.gain_start)
        out[inside] = (out[inside] - zero) / gain
    return out


def check_correction(item: Correction) -> None:
    """Raise `CalibrationError` where a correction cannot be applied."""
    if item.end - item.start < timedelta(seconds=1):
        msg = f"the correction from {item.start.isoformat()} to {item.end.isoformat()} is empty"
        raise CalibrationError(msg)
    if min(item.gain_start, item.gain_end) <= 0:
        msg = f"gains {item.gain_start:g} and {item.gain_end:g}, expected above 0"
        raise CalibrationError(msg)


def derive_correction(checks: Sequence[EvaluatedCheck], check: CheckResult, who: str, why: str) -> Correction:
    """Correction of the drift that a check found, linear from the good checks before it.

    Parameters
    ----------
    checks : sequence of EvaluatedCheck
        At least those of this instrument and parameter.
    check : CheckResult
        A zero or span check within tolerance.
    who, why : str
        The decision's.

    Raises
    ------
    CalibrationError
        The check failed, is of another kind, or has no good one before it.
    """
    own = [item for item in checks if stream_key(item.result) == stream_key(check) and item.outcome in GOOD]
    own = [item for item in own if item.result.kind in {CheckKind.ZERO, CheckKind.SPAN}]
    if check not in [item.result for item in own]:
        msg = "only a zero or span check within its tolerance can be corrected; data of a failed one are invalid"
        raise CalibrationError(msg)
    now = [item for item in own if abs(item.result.at - check.at) <= SESSION]
    end = min(item.result.at for item in now)
    before = [item for item in own if item.result.at < end]
    if not before:
        msg = f"no good zero or span check of {check.parameter} before {end.isoformat()}: the drift cannot be dated"
        raise CalibrationError(msg)
    last = max(item.result.at for item in before)
    then = [item for item in before if last - item.result.at <= SESSION]
    ends: dict[str, Any] = {
        f"{name}_{side}": value
        for side, session in (("start", then), ("end", now))
        for name, value in zip(("zero", "gain"), _state(session), strict=True)
    }
    return Correction(**channel_of(check), start=last, end=end, **ends, who=who, why=why)


def _state(session: Sequence[EvaluatedCheck]) -> tuple[float, float]:
    """Zero and gain that a session of checks found; 0 and 1 where it has no such check."""
    zeros = [item.result for item in session if item.result.kind is CheckKind.ZERO]
    spans = [item.drift for item in session if item.result.kind is CheckKind.SPAN and item.drift is not None]
    zero = zeros[-1].response - zeros[-1].reference if zeros else 0.0
    return zero, 1 + spans[-1] / 100 if spans else 1.0
