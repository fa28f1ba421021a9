"""Channels of the station of a case against the nearest stations: what rose here and not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_hours import mean_of, median_of, moving_mean, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

NEAREST = 8
"""Neighbours that channels are compared with; project choice."""
LEAST_NEIGHBOURS = 2
"""Fewer give no regional series."""
WEATHER = frozenset(
    {
        "wind_speed", "wind_direction", "temperature", "relative_humidity", "pressure", "rain", "global_radiation",
        "boundary_layer_height", "h2o", "visibility", "ultraviolet_radiation",
    }
)  # fmt: skip
_STEADY = 0.02


@dataclass(frozen=True, slots=True)
class Channels:
    """Channels of the station in the window.

    Attributes
    ----------
    names : tuple of str
        Parameters with a usual level, weather excluded.
    rise, local : array, (channel,)
        Mean deviation from the usual level, and that less the median of the neighbours (the rise itself where they are
        fewer than two) [1].
    z_score : array, (channel,)
        ``local`` by its robust standard deviation over as many hours of the history [1].
    neighbours : array, (channel,)
        Neighbours that measure it.
    value, deviation : array, (channel, station, hour)
        Values, canonical unit, and deviations [1] at the station and its nearest neighbours, the station first.
    usual : array, (channel, hour)
        Usual level of the station, canonical unit.
    offset : array, (channel,)
        Added before the logarithm, canonical unit.
    """

    names: tuple[str, ...]
    rise: Field
    local: Field
    z_score: Field
    neighbours: NDArray[np.int64]
    value: Field
    deviation: Field
    usual: Field
    offset: Field

    def at(self, name: str) -> int | None:
        """Index of a channel; None where it is not there."""
        return self.names.index(name) if name in self.names else None


def channels_of(case_hours: CaseHours, station_id: str | None = None, *, only: str | None = None) -> Channels:
    """Compare the channels of a station with those of the nearest neighbours of the case.

    Parameters
    ----------
    case_hours : CaseHours
    station_id : str or None
        None: the station of the case.
    only : str or None
        The one channel that is wanted; None: all of the station.
    """
    own = station_id or case_hours.station_ids[0]
    names = tuple(item for item in case_hours.measured(own) if item not in WEATHER and only in {None, item})
    near = (own, *(item for item in case_hours.station_ids[: NEAREST + 1] if item != own))
    rows = np.stack([case_hours.rows(station, names) for station in near], axis=1)
    series = case_hours.deviating(rows.reshape(-1, len(case_hours.hours)))
    deviation = series.deviation.reshape(rows.shape)
    regional, count = regional_deviation(deviation)
    local = deviation[:, 0] - regional
    length = int(case_hours.inside.sum())
    past = np.where(case_hours.before, local, np.nan)
    block = np.maximum(spread_of(moving_mean(past, length)), _STEADY / np.sqrt(length))
    local = local - median_of(past)[:, None]
    inside = case_hours.inside
    rise, mean = mean_of(deviation[:, 0, inside]), mean_of(local[:, inside])
    here = np.isfinite(rise)
    return Channels(
        names=tuple(name for name, is_here in zip(names, here, strict=True) if is_here),
        rise=rise[here],
        local=mean[here],
        z_score=(mean / block)[here],
        neighbours=count[here],
        value=rows[here],
        deviation=deviation[here],
        usual=series.usual.reshape(rows.shape)[here, 0],
        offset=series.offset.reshape(rows.shape[:2])[here, 0],
    )


def regional_deviation(deviation: Field) -> tuple[Field, NDArray[np.int64]]:
    """Median deviation of the neighbours by channel and hour, 0 where they are fewer than two, and their number by channel.

    Parameters
    ----------
    deviation : array, (channel, station, hour)
        The station of the case first.
    """
    others = deviation[:, 1:]
    known = np.isfinite(others).sum(axis=1)
    middle = median_of(np.moveaxis(others, 1, -1)) if others.shape[1] else np.zeros_like(deviation[:, 0])
    return np.where(known >= LEAST_NEIGHBOURS, middle, 0.0), np.isfinite(others).any(axis=2).sum(axis=1)
