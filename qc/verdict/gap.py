"""Evidence of readings that are missing while others report. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.verdict.context import Indication
from qc.verdict.deviation import BEFORE_H
from qc.verdict.reading import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.verdict.case import Case

_MOST = 0.5
"""Part of the readings that are most of them [1]."""


def gap(case: Case) -> Indication:
    """Readings that are unusually missing in hours in which the neighbours, or else the station's other channels, report.

    Hours that no station has delivered yet do not count as missing.
    """
    reported = _reported_hours(case)
    if not reported.any():
        return Indication("gap")
    present = _present(case, reported)
    if present > 1 - _MOST or present > _usually_present(case) / 2:
        return Indication("gap")
    return Indication("gap", is_event=False, figures={"share": percent(1 - present)})


def _reported_hours(case: Case) -> NDArray[np.bool_]:
    """Hours of the case in which a neighbour that reports in most of them has a value; without neighbours, a channel of the station."""
    channels = [np.isfinite(values[BEFORE_H:]) for values in case.series.channels.values()]
    around = [
        np.asarray(case.hours.isin(frame.index[frame[case.code].notna()]))
        for frame in (case.context.hours[name] for *_, name in case.series.near)
    ]
    none = np.zeros(len(case.hours), dtype=bool)
    if not around:
        found: NDArray[np.bool_] = np.any([none, *channels], axis=0)
        return found
    come = np.flatnonzero(np.any([*around, *channels], axis=0))
    best = max(around, key=lambda item: int(item.sum()))
    return best if len(come) and best.sum() > (come[-1] + 1) / 2 else none


def _present(case: Case, reported: NDArray[np.bool_]) -> float:
    """Completeness of the case's readings in chosen hours, whatever their status [1].

    Without readings, the part of the hours with a value.
    """
    native, interval = case.context.native, case.context.interval
    if native is None or case.code not in native:
        return float(np.isfinite(case.series.own_values[BEFORE_H:][reported]).mean())
    starts = case.hours[reported]
    seconds = starts.as_unit("s").asi8
    first, last = (
        np.clip(edge, interval.start.timestamp(), interval.end.timestamp()) for edge in (seconds, seconds + 3600)
    )
    expected = max(1, int((last - first).sum() // case.context.cadence_s))
    inside = native[case.code][(native.index >= interval.start) & (native.index < interval.end)].dropna()
    return min(1.0, int(pd.DatetimeIndex(inside.index).floor("h").isin(starts).sum()) / expected)


def _usually_present(case: Case) -> float:
    """Completeness of the readings in the days before, from the first on; 1 where there is none [1]."""
    native = case.context.native
    if native is None or case.code not in native:
        return 1.0
    start = pd.Timestamp(case.context.interval.start)
    before = native[case.code][native.index < start].dropna()
    if before.empty:
        return 1.0
    expected = float((start - before.index[0]) / pd.Timedelta(seconds=case.context.cadence_s))
    return min(1.0, len(before) / max(1.0, expected))
