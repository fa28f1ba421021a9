"""Counter rollover.

SUSPECT if the value differs from the last one before it by one of `moduli`, within `margin`: a counter wrapped around or overflowed.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import InvalidInputError, check_positive
from qc.native.native_test import NativeTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.native.argument import Flags, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class RolloverLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rollover"):
    """Ranges after which a counter restarts, and how much the true value may change at the same time."""

    moduli: Annotated[tuple[Positive, ...], Meta(min_length=1)]
    margin: Positive

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        too_small = min(self.moduli) <= 2 * self.margin
        return f"moduli: expected each above twice the margin {self.margin}" if too_small else None

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return "a direction restarts at every turn"


def rollover_test(values: Values, moduli: Sequence[float], margin: float) -> Flags:
    """Flag values that differ from the preceding one by the whole range of a counter, which wrapped around or overflowed.

    Parameters
    ----------
    moduli : sequence of float
        Ranges of the counter after which it restarts, unit of the values, each above twice the margin.
    margin : float
        Largest change of the true value meanwhile, unit of the values, > 0.

    Raises
    ------
    InvalidInputError
        If there is no modulus, or one is not above twice the margin.

    Examples
    --------
    >>> rollover_test(np.array([10.0, 12.0, 6565.0, 13.0]), [6553.6], 10.0).tolist()
    [1, 1, 3, 3]
    """
    check_positive(margin=margin)
    if not moduli or min(moduli) <= 2 * margin:
        msg = f"moduli: {list(moduli)}, expected at least one, each above twice the margin {margin}"
        raise InvalidInputError(msg)
    flags = np.where(np.isfinite(values), Flag.PASS, Flag.MISSING).astype(np.int8)
    # also across holes, since a counter restarts from zero
    at = np.flatnonzero(flags == Flag.PASS)
    change = np.abs(np.diff(values[at]))
    for modulus in moduli:
        flags[at[1:][np.abs(change - modulus) <= margin]] = Flag.SUSPECT
    return flags


def _run(series: NativeSeries, limit: RolloverLimit) -> Flags:
    return rollover_test(series.numbers, limit.moduli, limit.margin)


def _explain(series: NativeSeries, limit: RolloverLimit, at: int) -> Explanation:
    before = series.before(at)
    change = abs(float(series.numbers[at]) - before)
    modulus = min(limit.moduli, key=lambda item: abs(change - item))
    return "wrap", {**series.measured(at), "before": before, "modulus": modulus}


TEST = NativeTest(
    limit=RolloverLimit,
    run=_run,
    explain=_explain,
    messages={"wrap": ("before", "value", "unit", "modulus")},
    as_written=True,
)
