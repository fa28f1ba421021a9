"""Hours in a row without a change.

SUSPECT if the last `hours` values are within `tolerance`; values at or below `above` are exempt.

Source: common practice (3 to 6 hours), not read in HJ 817 or HJ 818.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.angle import unwrapped
from qc.hourly.hourly_test import HourlyResult, HourlyTest
from qc.limits.limit import BaseLimit, Positive
from qc.native.native_test import exempt_low
from qc.native.test.flat_line import flat_line_test
from schemas.completeness import HOUR_S
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Times, Values
    from schemas.reason import Explanation


class HourlyFlatLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_flat"):
    """How many hourly values in a row may lie within ``tolerance``; hours at or below ``above`` are exempt."""

    hours: Annotated[int, Meta(ge=2, le=72)]
    tolerance: Positive
    above: float | None = None

    @property
    def look_back_h(self) -> int:
        """See `BaseLimit`."""
        return self.hours


def hourly_flat_test(
    values: Values, times: Times, *, hours: int, tolerance: float, above: float | None = None
) -> Flags:
    """SUSPECT where the last ``hours`` hourly values lie within ``tolerance`` (`qc.native.test.flat_line`).

    Parameters
    ----------
    hours : int
        At least 2.
    tolerance : float
        Unit of the values.
    above : float or None
        Values at or below it are exempt, since equal hours are usual near the detection limit.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00") + np.arange(4)
    >>> hourly_flat_test(np.array([9.0, 5.0, 5.0, 5.0]), times, hours=3, tolerance=0.1).tolist()
    [1, 1, 1, 3]
    """
    flags = flat_line_test(values, times, (hours - 1) * HOUR_S, tolerance=tolerance)
    return exempt_low(flags, values, above)


def _evaluate(context: HourlyContext, code: str) -> HourlyResult | None:
    values, unit, times = context.valid(code), parameter(code).unit, context.times
    line = unwrapped(values, parameter(code).period)
    lengths: dict[int, int] = {}

    def run(limit: HourlyFlatLimit) -> Flags:
        flags = hourly_flat_test(line, times, hours=limit.hours, tolerance=limit.tolerance, above=limit.above)
        lengths.update(dict.fromkeys(map(int, np.flatnonzero(flags == Flag.SUSPECT)), limit.hours))
        return flags

    flags = context.by_month(HourlyFlatLimit, code, run)

    def explain(at: int) -> Explanation:
        return "flat", {"hours": lengths[at], "value": float(values[at]), "unit": unit}

    return None if flags is None else HourlyResult(code, TEST.name, flags, explain)


TEST = HourlyTest(evaluate=_evaluate, messages={"flat": ("hours", "value", "unit")}, limit=HourlyFlatLimit)
