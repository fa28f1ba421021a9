"""What a plot of series is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from console.view.quantity import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from console.view.series import PlotSeries
    from console.view.theme import ChartTheme
    from schemas.words import Words


class LimitLine(NamedTuple):
    """A comparison value drawn across a panel: of which parameter, in its canonical unit, and what it is."""

    parameter: str
    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Options of a plot besides its values."""

    words: Words
    theme: ChartTheme
    zone: ZoneInfo
    station_names: Mapping[str, str]
    limits: Sequence[LimitLine] = ()

    def line_name(self, series: PlotSeries, others: Sequence[PlotSeries]) -> str:
        """Name of a line: station, instrument and network only where they distinguish lines."""
        parts = [name_of(series.parameter, self.words)]
        if len({item.station_id for item in others}) > 1:
            parts.insert(0, self.station_names.get(series.station_id, series.station_id))
        same = [item for item in others if (item.station_id, item.parameter) == (series.station_id, series.parameter)]
        if len({item.network for item in same}) > 1:
            parts.append(self.words.get(f"network_short.{series.network}", series.network))
        if len({(item.network, item.instrument) for item in same}) > len({item.network for item in same}):
            parts.append(series.instrument)
        return " · ".join(parts)
