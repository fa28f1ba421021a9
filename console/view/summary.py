"""Figures of a series in a row: the plot for those who cannot see it, and for those who want numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.view.quantity import format_value, name_of, unit_of
from qc.angle import vector_mean
from schemas.flag import Flag, is_valid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from console.view.drawing import Drawing
    from console.view.series import PlotSeries
    from schemas.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """One series in figures, written in the canonical unit.

    Statistics are over the ``count`` values that are neither FAIL nor MISSING, of the ``expected`` (`PlotSeries.expected`); of
    directions the mean is that of the vectors, and there is no lowest and highest. ``instrument`` as `PlotSeries.instrument`.
    """

    station_id: str
    station: str
    network: str
    instrument: str
    parameter: str
    name: str
    unit: str
    count: int
    expected: int
    lowest: str
    mean: str
    highest: str
    unscreened: int
    suspect: int
    fail: int


def summarise_series(
    series: Sequence[PlotSeries], drawing: Drawing, span: Interval, now: datetime
) -> list[SeriesSummary]:
    """Figures of each series over a period, up to ``now``."""
    return [_summary(item, drawing, span, now) for item in series]


def _summary(item: PlotSeries, drawing: Drawing, span: Interval, now: datetime) -> SeriesSummary:
    flags = item.points["flag"].to_numpy()
    valid = item.points["value"][is_valid(flags)].dropna().to_numpy()
    lowest, mean, highest = (format_value(figure, item.parameter) for figure in _figures(valid, item))
    return SeriesSummary(
        station_id=item.station_id,
        station=drawing.station_names.get(item.station_id, item.station_id),
        instrument=item.instrument,
        parameter=item.parameter,
        name=name_of(item.parameter, drawing.words),
        network=item.network,
        unit=unit_of(item.parameter),
        count=len(valid),
        expected=item.expected(span.start, span.end, now),
        lowest=lowest,
        mean=mean,
        highest=highest,
        unscreened=int((flags == Flag.UNKNOWN).sum()),
        suspect=int((flags == Flag.SUSPECT).sum()),
        fail=int((flags == Flag.FAIL).sum()),
    )


def _figures(valid: NDArray[np.float64], item: PlotSeries) -> tuple[float | None, float | None, float | None]:
    """Lowest, mean and highest; None where there is none."""
    if not valid.size:
        return None, None, None
    if item.is_direction:
        return None, vector_mean(valid), None
    return float(valid.min()), float(valid.mean()), float(valid.max())
