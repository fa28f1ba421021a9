"""Completeness of the hour.

MISSING without any valid value. FAIL if valid values cover less than 75 % of the hour (45 of 60 minutes); the mean is stored and never enters
statistics. Defaults: table `[hour]`, 0.75.

Source: GB 3095-2026, Table 4 (the same in GB 3095-2012); verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.hourly_test import HourlyResult, HourlyTest
from schemas.flag import Flag
from schemas.frames import COUNT

if TYPE_CHECKING:
    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Values
    from schemas.reason import Explanation


def completeness_test(completeness: Values, minimum: float) -> Flags:
    """FAIL below ``minimum``, MISSING at 0.

    Parameters
    ----------
    completeness : array of float
        Part of the hour that valid values cover, 0 to 1 [1].
    minimum : float
        Least part [1].

    References
    ----------
    GB 3095-2026, Table 4 (the same in GB 3095-2012).

    Examples
    --------
    >>> completeness_test(np.array([1.0, 0.5, 0.0]), 0.75).tolist()
    [1, 4, 9]
    """
    flags = np.where(completeness >= minimum, Flag.PASS, Flag.FAIL).astype(np.int8)
    flags[completeness == 0] = Flag.MISSING
    return flags


def percent(share: float) -> float:
    """A part of 1 in percent with one digit [%]."""
    return round(100 * float(share), 1)


def _evaluate(context: HourlyContext, code: str) -> HourlyResult:
    share, counts = context.share(code), context.columns[code + COUNT]

    def explain(at: int) -> Explanation:
        if counts[at] == 0:
            return "none", {"expected": context.hourly.expected[code]}
        return "low", {"count": int(counts[at]), "share": percent(share[at]), "least": percent(context.minimum)}

    flags = completeness_test(share, context.minimum)
    # missing hours are recorded by this test only
    return HourlyResult(code, TEST.name, flags, explain, (flags == Flag.FAIL) | (flags == Flag.MISSING))


TEST = HourlyTest(
    name="completeness",
    evaluate=_evaluate,
    messages={"low": ("count", "share", "least"), "none": ("expected",)},
    flags=frozenset({Flag.FAIL, Flag.MISSING}),
)
