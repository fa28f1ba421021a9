"""Forecast models and their matrix: pairs of origin and horizon of all stations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.feature import HORIZON_NAMES, StationFeatures, horizon_columns

if TYPE_CHECKING:
    import lightgbm
    from numpy.typing import NDArray

    from analysis.forecast.baseline import LinearBaseline

MAXIMUM_ROWS = 60_000
"""Pairs of origin and horizon a model is trained on, drawn at random from all."""


class ModelKind(StrEnum):
    """Method of a forecast."""

    BOOSTED = "lightgbm"
    FALLBACK = "fallback-yesterday-climatology"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Cost and size of a model: ``rows`` are pairs of origin and horizon."""

    rows: int = MAXIMUM_ROWS
    trees: int = 160
    # with more, threads of a busy machine wait for each other longer than they compute
    threads: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastModel:
    """A trained model or the fallback.

    Attributes
    ----------
    target : str
    kind : ModelKind
    climatology : array of float, (24,)
        Median by local hour.
    spread : array of float, (2,)
        Fallback only: 10 % and 90 % quantile of the residuals [unit of the target].
    baseline : LinearBaseline or None
        Linear first guess; None for the fallback.
    names : tuple of str
        Columns of the matrix.
    boosters : dict
        ``mean`` and the quantiles, of the residuals; empty for the fallback.
    trained_hours : int
        Valid hours of the target in the training data.
    """

    target: str
    kind: ModelKind
    climatology: NDArray[np.float64]
    spread: NDArray[np.float64]
    baseline: LinearBaseline | None
    names: tuple[str, ...]
    boosters: dict[str, lightgbm.Booster]
    trained_hours: int


@dataclass(frozen=True, slots=True)
class ForecastPairs:
    """Pairs of origin and horizon of all stations.

    ``station`` is the position of a station, ``row`` the row of the origin in its features, ``horizon`` is in [h].
    """

    station: NDArray[np.int64]
    row: NDArray[np.int64]
    horizon: NDArray[np.int64]
    target: NDArray[np.float64]


def assemble(
    stations: tuple[StationFeatures, ...], sample: ForecastPairs, climatology: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Matrix of a sample: the origin's features, then those of the horizon."""
    width = len(stations[0].names)
    matrix = np.full((len(sample.row), width + len(HORIZON_NAMES)), np.nan, dtype=np.float32)
    for position in np.unique(sample.station):
        at = np.flatnonzero(sample.station == position)
        item = stations[int(position)]
        matrix[at, :width] = item.matrix[sample.row[at]]
        matrix[at, width:] = horizon_columns(item, sample.row[at], sample.horizon[at], climatology)
    return matrix
