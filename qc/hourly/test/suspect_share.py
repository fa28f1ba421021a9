"""Share of suspect values.

SUSPECT if the hour is complete only with its SUSPECT values: the part covered by the others is below the limit of `completeness`.

Source: the project's own; the limit is that of `completeness`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.hourly_test import HourlyResult, HourlyTest
from qc.hourly.test.completeness import percent
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Values
    from schemas.reason import Explanation


def suspect_share_test(completeness: Values, certain: Values, minimum: float) -> Flags:
    """SUSPECT where the hour is complete only with its suspect values.

    Parameters
    ----------
    completeness, certain : array of float
        Part of the hour covered by valid values, and by those of them that are not SUSPECT, 0 to 1 [1].
    minimum : float
        Least part, that of `completeness_test` [1].

    Examples
    --------
    >>> suspect_share_test(np.array([1.0, 1.0, 0.5]), np.array([1.0, 0.5, 0.5]), 0.75).tolist()
    [1, 3, 2]
    """
    flags = np.where(certain >= minimum, Flag.PASS, Flag.SUSPECT).astype(np.int8)
    flags[completeness < minimum] = Flag.UNKNOWN
    flags[completeness == 0] = Flag.MISSING
    return flags


def _evaluate(context: HourlyContext, code: str) -> HourlyResult:
    certain, minimum = context.certain[code], context.minimum

    def explain(at: int) -> Explanation:
        return "share", {"share": percent(certain[at]), "least": percent(minimum)}

    return HourlyResult(code, TEST.name, suspect_share_test(context.share(code), certain, minimum), explain)


TEST = HourlyTest(name="suspect_share", evaluate=_evaluate, messages={"share": ("share", "least")})
