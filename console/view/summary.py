"""Figures of a series in a row: the plot for those who cannot see it, and for those who want numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.view.quantity import format_value, name_of, unit_of
from schemas.flag import Flag, is_valid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.view.chart import Drawing
    from console.view.series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSummary:
    """One series in figures; statistics are over values that are neither FAIL nor MISSING, written in the canonical unit."""

    station_id: str
    station: str
    network: str
    instrument_id: str | None
    parameter: str
    name: str
    unit: str
    count: int
    lowest: str
    mean: str
    highest: str
    unscreened: int
    suspect: int
    fail: int


def summarise_series(series: Sequence[Series], drawing: Drawing) -> list[SeriesSummary]:
    """Figures of each series."""
    return [_summary(item, drawing) for item in series]


def _summary(item: Series, drawing: Drawing) -> SeriesSummary:
    flags = item.points["flag"].to_numpy()
    valid = item.points["value"][is_valid(flags)].dropna()
    figures = (valid.min(), valid.mean(), valid.max()) if len(valid) else (None, None, None)
    lowest, mean, highest = (
        format_value(None if figure is None else float(figure), item.parameter) for figure in figures
    )
    return SeriesSummary(
        station_id=item.station_id,
        station=drawing.station_names.get(item.station_id, item.station_id),
        instrument_id=item.instrument_id,
        parameter=item.parameter,
        name=name_of(item.parameter, drawing.words),
        network=item.network,
        unit=unit_of(item.parameter),
        count=len(valid),
        lowest=lowest,
        mean=mean,
        highest=highest,
        unscreened=int((flags == Flag.UNKNOWN).sum()),
        suspect=int((flags == Flag.SUSPECT).sum()),
        fail=int((flags == Flag.FAIL).sum()),
    )
