"""PM2.5 above PM10.

Both parameters are SUSPECT if PM2.5 is above `ratio` times PM10 and more than `difference` above it. Small inversions at low levels are real
(humidity, heating).

Source: common practice; Xue et al., Environmental Protection of Xinjiang 2024(2):26-30 on how often it happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.hourly.hourly_test import HourlyResult, HourlyTest
from qc.limits.limit import BaseLimit, Positive
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Values
    from schemas.reason import Explanation

PM25, PM10 = "pm25", "pm10"


class PmInversionLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion"):
    """PM2.5 above ``ratio`` times PM10 and more than ``difference`` above it."""

    ratio: Annotated[float, Meta(ge=1)]
    difference: Positive


def pm_inversion_test(pm25: Values, pm10: Values, *, ratio: float, difference: float) -> Flags:
    """SUSPECT where PM2.5 is above ``ratio`` times PM10 and more than ``difference`` above it.

    UNKNOWN where only PM10 is missing, MISSING where PM2.5 is.

    Parameters
    ----------
    pm25, pm10 : array of float
        [µg m⁻³], NaN where missing.
    ratio : float
        [1]
    difference : float
        [µg m⁻³]

    Examples
    --------
    >>> pm_inversion_test(np.array([50.0, 90.0]), np.array([60.0, 60.0]), ratio=1.1, difference=10.0).tolist()
    [1, 3]
    """
    flags = np.full(pm25.shape, Flag.PASS, dtype=np.int8)
    flags[(pm25 > ratio * pm10) & (pm25 - pm10 > difference)] = Flag.SUSPECT
    flags[~np.isfinite(pm10)] = Flag.UNKNOWN
    flags[~np.isfinite(pm25)] = Flag.MISSING
    return flags


def _evaluate(context: HourlyContext, code: str) -> HourlyResult | None:
    if PM25 not in context.hourly.frame or PM10 not in context.hourly.frame:
        return None
    pm25, pm10 = context.valid(PM25), context.valid(PM10)

    def run(limit: PmInversionLimit) -> Flags:
        return pm_inversion_test(pm25, pm10, ratio=limit.ratio, difference=limit.difference)

    def explain(at: int) -> Explanation:
        return "inversion", {"pm25": float(pm25[at]), "pm10": float(pm10[at]), "unit": parameter(code).unit}

    flags = context.by_month(PmInversionLimit, PM25, run)
    return None if flags is None else HourlyResult(code, TEST.name, flags, explain)


TEST = HourlyTest(
    evaluate=_evaluate,
    messages={"inversion": ("pm25", "pm10", "unit")},
    limit=PmInversionLimit,
    parameters=frozenset({PM25, PM10}),
)
