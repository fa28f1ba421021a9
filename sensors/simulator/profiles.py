"""Source profiles: what a microgram of each source consists of. The figures are the simulator's own invention.

``source_profiles.csv`` has a line for each parameter and a column for each source, in micrograms of the parameter for one
microgram of the source. The unit of a source is its PM2.5 mass; of ``solvent`` and ``biogenic``, which emit no particles,
its VOC mass. ``coarse`` is the mass between PM2.5 and PM10, ``nox`` is counted as NO2. The figures have the
proportions that such sources are known for, so that tracers work, but are taken from no measurement.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROFILES_PATH = Path(__file__).with_name("source_profiles.csv")
BACKGROUND_UG_M3 = {
    "so2": 4.0,
    "nox": 5.0,
    "co": 220.0,
    "coarse": 8.0,
    "ethane": 1.6,
    "propane": 0.9,
    "acetylene": 0.35,
    "benzene": 0.25,
    "n_butane": 0.4,
    "isobutane": 0.25,
    "toluene": 0.2,
    "formaldehyde": 1.2,
    "acetaldehyde": 0.8,
    "acetone": 1.8,
    "dichloromethane": 0.3,
    "oc": 0.5,
    "silicon": 0.05,
    "calcium": 0.02,
}
"""What the air holds without any of the sources [ug m⁻³]; invention."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Matrix of the profiles.

    Attributes
    ----------
    sources, parameters : tuple of str
    matrix : array, (source, parameter)
        [ug of the parameter / ug of the source]
    background : array, (parameter)
        [ug m⁻³]
    """

    sources: tuple[str, ...]
    parameters: tuple[str, ...]
    matrix: NDArray[np.float64]
    background: NDArray[np.float64]

    def column(self, name: str) -> int:
        """Position of a parameter."""
        return self.parameters.index(name)

    def row(self, source: str) -> int:
        """Position of a source."""
        return self.sources.index(source)


@cache
def load_profiles() -> Profiles:
    """Read the profiles once."""
    with PROFILES_PATH.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        sources = tuple(next(reader)[1:])
        rows = {cells[0]: [float(cell) for cell in cells[1:]] for cells in reader}
    background = np.array([BACKGROUND_UG_M3.get(name, 0.0) for name in rows])
    return Profiles(sources, tuple(rows), np.array(list(rows.values())).T, background)


@cache
def voc_parameters() -> tuple[str, ...]:
    """Codes of the VOC in the profiles, the species that a simulated GC reports."""
    names = load_profiles().parameters
    return tuple(name for name in names if name != "coarse" and parameter(name).networks == frozenset({"voc"}))


@cache
def element_parameters() -> tuple[str, ...]:
    """Codes of the elements in the profiles."""
    names = load_profiles().parameters
    return tuple(name for name in names if name != "coarse" and parameter(name).group == "element")
