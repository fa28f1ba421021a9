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
"""Part of the hours before that counts as nearly always, and the factor by which flat hours must be more frequent [1]."""


_LIVELY = 12
"""Usual change of a slow instrument's readings in digits, at which three within two digits are no chance [1]."""


_RUN = 3
"""Readings of a slow instrument that make a flat run [1]."""


def flat(case: Case) -> Indication:
    """Constant values, unless they are so by nature: at zero, or at the same time of day on the days before."""
    flagged = case.share_flagged(("flat_line", "hourly_flat"), {Flag.SUSPECT})
    share = max(flagged[0] if flagged else 0.0, _still(case) or 0.0)
    if share < STILL_SHARE or _stands_by_nature(case):
        return Indication("flat")
    return Indication("flat", is_event=False, figures={"share": percent(share)})


def _still(case: Case) -> float | None:
    """Part of the case's hours (of slow instruments: of the readings) within two digits; None: too few."""
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
    # near the last digit equal readings occur by chance; an instrument with always constant readings indicates nothing
    return 0.0 if usual < _ALWAYS_STILL and share < _OFTENER * usual else share


def _slow_still(case: Case, inside: pd.Series, before: pd.Series) -> float | None:
    """Part of the readings in runs of three or more within two digits, where such runs are rare before the case."""
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

    Equal values, or values within two digits where the variation before is larger.
    """
    digit = 10.0 ** -parameter(case.code).decimals
    groups = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    reach = (groups.max() - groups.min())[groups.count() >= 3]  # noqa: PLR2004
    past = before.groupby(pd.DatetimeIndex(before.index).floor("h"))
    usual = float((past.max() - past.min()).median()) if len(before) else 0.0
    return (reach == 0) | ((reach <= 2.01 * digit) & (usual > 8 * digit))


def _stands_by_nature(case: Case) -> bool:
    """Zero, as of a dry gauge or of radiation at night; or flat at the same time of the days before, and not all day."""
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
