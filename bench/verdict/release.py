"""Local releases of many kinds for the cases of `qc.verdict`: profile, course over time, stations reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.geography import offset_km
from sensors.simulator.profiles import load_profiles
from sensors.simulator.stream import ar1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]

MINUTE_S = 60.0
_ROWS = {"industry": "plume", "coal": "coal", "traffic": "vehicle", "solvent": "solvent", "straw": "biomass"}
_OWN: dict[str, dict[str, float]] = {
    "stack": {"so2": 1.0, "nox": 0.15, "co": 0.1, "pm25": 0.05, "sulfate": 0.01},
    "fuel": {
        "isopentane": 1.0, "n_pentane": 0.5, "n_butane": 0.6, "isobutane": 0.4, "2_methylpentane": 0.3,
        "3_methylpentane": 0.2, "n_hexane": 0.15, "trans_2_butene": 0.05, "benzene": 0.06, "toluene": 0.15,
        "methyl_tert_butyl_ether": 0.4,
    },
    "dust": {
        "coarse": 1.0, "pm25": 0.12, "silicon": 0.03, "calcium": 0.02, "aluminium": 0.01, "iron": 0.006,
        "titanium": 0.0006, "calcium_ion": 0.01, "magnesium_ion": 0.001,
    },
    "leak": {"ethane": 1.0, "propane": 0.3, "n_butane": 0.08, "isobutane": 0.06},
    "smelter": {
        "pm25": 1.0, "coarse": 0.2, "so2": 0.9, "co": 1.0, "sulfate": 0.08, "zinc": 0.06, "lead": 0.03, "copper": 0.012,
        "cadmium": 0.002, "arsenic": 0.004, "iron": 0.03, "selenium": 0.001, "antimony": 0.001, "bc": 0.02, "ec": 0.02,
        "oc": 0.08,
    },
    "fireworks": {
        "pm25": 1.0, "coarse": 0.3, "so2": 0.2, "nox": 0.1, "co": 0.5, "sulfate": 0.1, "potassium": 0.12,
        "potassium_ion": 0.1, "chloride": 0.05, "barium": 0.01, "strontium": 0.003, "copper": 0.006, "aluminium": 0.02,
        "magnesium_ion": 0.01, "lead": 0.001, "oc": 0.12, "bc": 0.04, "ec": 0.03,
    },
}  # fmt: skip
LEADS: dict[str, tuple[str, ...]] = {
    "industry": ("pm25", "benzene", "vanadium"),
    "coal": ("pm25", "so2", "ec"),
    "traffic": ("nox", "ec", "toluene"),
    "solvent": ("toluene",),
    "stack": ("so2",),
    "fuel": ("isopentane",),
    "dust": ("coarse", "calcium_ion", "silicon"),
    "leak": ("ethane",),
    "straw": ("oc", "pm25", "acetaldehyde"),
    "smelter": ("pm25", "zinc"),
    "fireworks": ("pm25", "potassium_ion", "potassium"),
}
"""Parameters by which the strength of a release is set: the first that the station measures."""
TRAINED = ("industry", "coal", "traffic", "solvent", "stack", "fuel", "dust", "leak")
HELD_OUT = ("smelter", "straw", "fireworks")
"""Kinds that no weight was fitted on."""
GREENHOUSE = {
    "leak": {"ch4": 40.0},
    "coal": {"co2": 0.35, "ch4": 0.5},
    "traffic": {"co2": 0.5},
    "industry": {"co2": 0.3},
    "straw": {"co2": 0.5, "ch4": 1.5},
}
"""What a unit of a release adds to greenhouse gases: ppm of CO2, ppb of CH4; invention."""
_SPREAD = 0.14
_NEAREST_KM, _FARTHEST_KM = 0.5, 40.0
_LEAST = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release at one station.

    Attributes
    ----------
    start, end : float
        Epoch seconds.
    strength : array
        By minute from ``start``, in units of the profile [ug m⁻³].
    profile : dict of str to float
        What a unit consists of [1].
    is_target : bool
        Whether it was aimed at this station.
    """

    kind: str
    station_id: str
    start: float
    end: float
    strength: Field
    profile: dict[str, float]
    is_target: bool

    def at(self, times: Field) -> Field:
        """Mean strength over each reading's own interval, which ``times`` are the middles of [ug m⁻³]."""
        step = float(times[1] - times[0]) if len(times) > 1 else MINUTE_S
        grid = self.start + MINUTE_S * np.arange(len(self.strength) + 1)
        total = np.concatenate([[0.0], np.cumsum(self.strength) * MINUTE_S])
        mean: Field = (np.interp(times + step / 2, grid, total) - np.interp(times - step / 2, grid, total)) / step
        return mean


def profile_of(kind: str, rng: np.random.Generator) -> dict[str, float]:
    """What a unit of a release consists of; no two sources of a kind are quite the same."""
    profiles = load_profiles()
    if kind in _ROWS:
        row = profiles.matrix[profiles.row(_ROWS[kind])]
        shares = {name: float(share) for name, share in zip(profiles.parameters, row, strict=True) if share > 0}
    else:
        shares = _OWN[kind]
    return {name: share * float(np.exp(0.35 * rng.standard_normal())) for name, share in shares.items()}


def shape_of(rng: np.random.Generator, minutes: int) -> Field:
    """How the strength at a station goes with the minutes: rise, unsteady plateau of mean 1, fall."""
    rise = int(np.clip(np.exp(rng.uniform(np.log(2), np.log(60))), 2, minutes / 2))
    fall = int(np.clip(np.exp(rng.uniform(np.log(4), np.log(90))), 2, minutes / 2))
    position = np.arange(minutes)
    envelope = np.clip(np.minimum((position + 1) / rise, (minutes - position) / fall), 0, 1)
    fast, slow = rng.uniform(0.15, 0.7), rng.uniform(0.0, 0.4)
    unsteady = np.exp(
        fast * ar1(rng, (minutes,), float(np.exp(-1 / rng.uniform(2, 10))))
        + slow * ar1(rng, (minutes,), float(np.exp(-1 / rng.uniform(20, 60))))
    )
    return envelope * unsteady / float((envelope * unsteady).mean())


def reach(source: tuple[float, float], station: Station, wind: tuple[float, float], distance_km: float) -> float:
    """Strength at a station by that on the axis at ``distance_km`` downwind; 0 where it does not arrive [1]."""
    east, north = offset_km(*source, station.lon or 0.0, station.lat or 0.0)
    speed = max(float(np.hypot(*wind)), 0.3)
    along = (east * wind[0] + north * wind[1]) / speed
    across = (north * wind[0] - east * wind[1]) / speed
    if not _NEAREST_KM < along < _FARTHEST_KM:
        return 0.0
    share = (distance_km / along) ** 1.2 * float(np.exp(-0.5 * (across / (_SPREAD * along)) ** 2))
    return min(share, 3.0) if share >= _LEAST else 0.0
