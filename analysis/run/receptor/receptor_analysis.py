"""What samples say of the wind and of the air that they came with: the objects that are printed, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.cpf import SectorTable, cpf
from analysis.receptor.wind import sectors
from analysis.receptor.wind_regression.estimate import regress_direction, regress_vector

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.receptor.source_map.result import SourceMap
    from analysis.receptor.wind_regression.result import WindRegression

    Field = NDArray[np.float64]

QUANTILE = 0.75
"""The CPF counts values above this quantile."""
SURFACE_STEP_M_S, SURFACE_STEP_DEG = 0.5, 10.0
"""Cells of a polar surface: rings [m s⁻¹] and angles [deg]."""
_FASTEST_QUANTILE = 0.99
_FEWEST_RINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PolarSurface:
    """Means over direction and speed of the wind.

    Attributes
    ----------
    speed_m_s, direction_deg : array of float, (rings,), (angles,)
        Middles of the cells.
    regression : WindRegression
        Its rows are the cells, ring by ring.
    """

    speed_m_s: Field
    direction_deg: Field
    regression: WindRegression


@dataclass(frozen=True, slots=True, kw_only=True)
class WindAnalysis:
    """What the samples of one place say of the wind."""

    regression: WindRegression
    sectors: SectorTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptorPicture:
    """What a picture shows of a parameter.

    Attributes
    ----------
    parameter : str
    winds : tuple of (str, WindRegression, PolarSurface)
        By place, with its name; places without wind are left out.
    maps : tuple of SourceMap
    station : (array, array) or None
        Longitudes and latitudes of the samples, for the maps [deg].
    """

    parameter: str
    winds: tuple[tuple[str, WindRegression, PolarSurface], ...]
    maps: tuple[SourceMap, ...] = ()
    station: tuple[Field, Field] | None = None


def has_wind(samples: pd.DataFrame) -> bool:
    """Whether any sample has speed and direction of the wind."""
    names = ["wind_speed", "wind_direction"]
    return set(names) <= set(samples) and bool(samples[names].notna().all(axis=1).any())


def analyse_wind(samples: pd.DataFrame, parameter: str, *, seed: int) -> WindAnalysis:
    """CPF and wind regression of one place.

    Raises
    ------
    ValueError
        Without an hour with value and wind.
    """
    values, speed, direction = _series(samples, parameter)
    return WindAnalysis(
        regression=regress_direction(values, speed, direction, seed=seed),
        sectors=cpf(values, sectors(speed, direction), float(values.quantile(QUANTILE))),
    )


def polar_surface(samples: pd.DataFrame, parameter: str, *, seed: int) -> PolarSurface:
    """Mean by direction and speed of one place, up to the speed that 1 % of the hours exceed.

    Raises
    ------
    ValueError
        Without an hour with value and wind.
    """
    values, speed, direction = _series(samples, parameter)
    fastest = float(speed.quantile(_FASTEST_QUANTILE))
    rings = max(_FEWEST_RINGS, int(np.ceil(fastest / SURFACE_STEP_M_S)))
    speeds = np.arange(rings, dtype=np.float64) * SURFACE_STEP_M_S + SURFACE_STEP_M_S / 2
    angles = np.arange(0.0, 360.0, SURFACE_STEP_DEG)
    cells = np.repeat(speeds, len(angles)), np.tile(angles, rings)
    return PolarSurface(
        speed_m_s=np.asarray(speeds, dtype=np.float64),
        direction_deg=angles,
        regression=regress_vector(values, speed, direction, cells, seed=seed),
    )


def _series(samples: pd.DataFrame, parameter: str) -> list[pd.Series]:
    hours = samples.set_index("start").sort_index()
    return [hours[name] for name in (parameter, "wind_speed", "wind_direction")]
