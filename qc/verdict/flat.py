"""Evidence of values that do not change. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.verdict.context import Indication
from qc.verdict.deviation import BEFORE_H
from qc.verdict.reading import MOST, SLOW_S, STILL_SHARE, percent, readings_of
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.verdict.case import Case


_ALWAYS_STILL, _OFTENER = 0.8, 3.0
"""Part of the hours before that is nearly always, and how many times as often as then hours must stand still [1]."""


_LIVELY = 12
"""Digits that a slow instrument's readings change by as a rule, so that three within two digits of each other are no chance [1]."""


_RUN = 3
"""Readings of a slow instrument that stand still together [1]."""


def flat(case: Case) -> Indication:
    """Constant values, unless they are so by nature: at zero, or at the same time of day on the days before."""
    flagged = case.share_flagged(("flat_line", "hourly_flat"), {Flag.SUSPECT})
    share = max(flagged[0] if flagged else 0.0, _still(case) or 0.0)
    if share < STILL_SHARE or _stands_by_nature(case):
        return Indication("flat")
    return Indication("flat", is_event=False, figures={"share": percent(share)})


def _still(case: Case) -> float | None:
    """Part of the case's hours with readings within two digits (of slow instruments, the readings); None: too few."""
    values = readings_of(case)
    if values is None:
        return None
    start = pd.Timestamp(case.context.interval.start)
    inside, before = values[values.index >= start], values[values.index < start]
    if case.context.cadence_s > SLOW_S:
        return _slow_still(case, inside, before)
    states, past = (_states(case, part, before) for part in (inside, before))
    if states.empty:
        return None
    share, usual = float(states.mean()), float(past.mean()) if len(past) else 0.0
    # near the last digit readings are the same now and then; an instrument with always constant readings says nothing
    return 0.0 if usual < _ALWAYS_STILL and share < _OFTENER * usual else share


def _slow_still(case: Case, inside: pd.Series, before: pd.Series) -> float | None:
    """Part of the readings that stand within two digits for three and more in a row, where they do so seldom as a rule."""
    if len(inside) < _RUN:
        return None
    digit = 10.0 ** -parameter(case.code).decimals
    usual = float(before.diff().abs().median()) if len(before) > _RUN else 0.0
    reach = 2.01 * digit if usual > _LIVELY * digit else 0.0
    share = _in_runs(inside.to_numpy(dtype=np.float64), reach)
    return share if share > 2 * _in_runs(before.to_numpy(dtype=np.float64), reach) else 0.0


def _in_runs(numbers: NDArray[np.float64], reach: float) -> float:
    """Part of the numbers that lie in runs of `_RUN` within a reach."""
    if len(numbers) < _RUN:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(numbers, _RUN)
    starts = np.flatnonzero(np.ptp(windows, axis=1) <= reach)
    covered = np.zeros(len(numbers), dtype=bool)
    for offset in range(_RUN):
        covered[starts + offset] = True
    return float(covered.mean())


def _states(case: Case, values: pd.Series, before: pd.Series) -> pd.Series:
    """Whether the readings of each hour are constant; only hours with at least three readings.

    All the same, or within two digits where they vary by many as a rule.
    """
    digit = 10.0 ** -parameter(case.code).decimals
    groups = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    reach = (groups.max() - groups.min())[groups.count() >= 3]  # noqa: PLR2004
    past = before.groupby(pd.DatetimeIndex(before.index).floor("h"))
    usual = float((past.max() - past.min()).median()) if len(before) else 0.0
    return (reach == 0) | ((reach <= 2.01 * digit) & (usual > 8 * digit))


def _stands_by_nature(case: Case) -> bool:
    """Zero, as of a dry gauge or of radiation by night; or flat at the same time of day before, and not all the day."""
    inside = case.series.own_values[BEFORE_H:]
    inside = inside[np.isfinite(inside)]
    if len(inside) and float(np.abs(inside).max()) == 0:
        return bool((case.series.own_values[:BEFORE_H] == 0).mean() > 0.05)  # noqa: PLR2004
    values = readings_of(case)
    before = None if values is None else values[values.index < pd.Timestamp(case.hours[0])]
    if before is None or before.empty or case.context.cadence_s > SLOW_S:
        return False
    states = _states(case, before, before)
    hour = pd.DatetimeIndex(states.index).hour
    same = states[hour.isin(case.hours.hour)]
    others = states[~hour.isin(case.hours.hour)]
    return bool(len(same) and same.mean() > MOST and (others.empty or others.mean() < same.mean()))
