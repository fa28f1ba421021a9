"""An hour far above its neighbours.

SUSPECT if `v > ratio * m` and `v - m > increment`, with `m` the mean of the hours before and after; UNKNOWN without both.

Source: common practice, no standard's text was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.hourly.hourly_test import HourlyResult, HourlyTest
from qc.limits.limit import BaseLimit, Positive
from schemas.completeness import HOUR_S
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Times, Values
    from schemas.reason import Explanation

_HOUR = np.timedelta64(HOUR_S, "s")


class HourlySpikeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_spike"):
    """An hour above ``ratio`` times the mean of its neighbours and more than ``increment`` above it."""

    ratio: Annotated[float, Meta(gt=1)]
    increment: Positive

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return "ratio: a direction has no zero to be measured from"


def hourly_spike_test(values: Values, times: Times, *, ratio: float, increment: float) -> Flags:
    """SUSPECT above ``ratio`` times the mean of the hours before and after and more than ``increment`` above it.

    An hour without both neighbours is UNKNOWN.

    Parameters
    ----------
    ratio : float
        [1]
    increment : float
        Unit of the values.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00") + np.arange(3)
    >>> hourly_spike_test(np.array([10.0, 90.0, 12.0]), times, ratio=3.0, increment=50.0).tolist()
    [2, 3, 2]
    """
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if values.size > 2:  # noqa: PLR2004 - an hour and its two neighbours
        consecutive = (np.diff(times)[:-1] == _HOUR) & (np.diff(times)[1:] == _HOUR)
        level = np.where(consecutive, (values[:-2] + values[2:]) / 2, np.nan)
        inner = values[1:-1]
        flags[1:-1][np.isfinite(level)] = Flag.PASS
        flags[1:-1][(inner > ratio * level) & (inner - level > increment)] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _evaluate(context: HourlyContext, code: str) -> HourlyResult | None:
    values, unit = context.valid(code), parameter(code).unit

    def run(limit: HourlySpikeLimit) -> Flags:
        return hourly_spike_test(values, context.times, ratio=limit.ratio, increment=limit.increment)

    def explain(at: int) -> Explanation:
        level = float(values[at - 1] + values[at + 1]) / 2
        return "spike", {"value": float(values[at]), "unit": unit, "level": level}

    flags = context.by_month(HourlySpikeLimit, code, run)
    return None if flags is None else HourlyResult(code, TEST.name, flags, explain)


TEST = HourlyTest(evaluate=_evaluate, messages={"spike": ("value", "unit", "level")}, limit=HourlySpikeLimit)
