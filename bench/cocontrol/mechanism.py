"""Species and reactions of the simulated chemistry: figures of its own, which the product does not read.

References
----------
Photolysis: form and parameters of the Master Chemical Mechanism, Saunders et al. 2003, Atmos. Chem. Phys. 3, 161 (from memory,
not verified). Rate constants: of the order of IUPAC's, rounded; each province multiplies them by drawn factors. A simulated truth
needs to be consistent, not exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUPS = ("nox", "alkene", "aromatic", "alkane", "ovoc", "co", "so2", "nh3")
"""What can be cut."""


@dataclass(frozen=True, slots=True)
class Species:
    """A volatile organic compound.

    ``k_oh``, ``k_o3`` [cm³ s⁻¹] at 298 K; ``peroxy`` RO2 made per reaction with OH, ``hcho``, ``ald``, ``dicarbonyl`` products made per
    reaction [1]; ``soa`` mass of aerosol by mass reacted with much NO, ``soa_low`` with little.
    """

    code: str
    group: str
    k_oh: float
    k_o3: float
    molar_mass: float
    peroxy: float
    hcho: float
    ald: float
    dicarbonyl: float
    soa: float
    soa_low: float


VOC = (
    Species("ethane", "alkane", 2.5e-13, 0.0, 30.07, 1.0, 0.1, 0.9, 0.0, 0.0, 0.0),
    Species("propane", "alkane", 1.1e-12, 0.0, 44.1, 1.0, 0.1, 0.4, 0.0, 0.0, 0.0),
    Species("n_butane", "alkane", 2.4e-12, 0.0, 58.12, 1.2, 0.2, 0.6, 0.0, 0.0, 0.0),
    Species("isopentane", "alkane", 3.6e-12, 0.0, 72.15, 1.4, 0.4, 0.7, 0.0, 0.0, 0.0),
    Species("n_hexane", "alkane", 5.2e-12, 0.0, 86.18, 1.5, 0.2, 0.6, 0.0, 0.003, 0.006),
    Species("n_octane", "alkane", 8.1e-12, 0.0, 114.23, 1.6, 0.2, 0.6, 0.0, 0.03, 0.06),
    Species("n_decane", "alkane", 1.1e-11, 0.0, 142.28, 1.7, 0.2, 0.6, 0.0, 0.08, 0.14),
    Species("ethylene", "alkene", 8.5e-12, 1.6e-18, 28.05, 1.0, 1.5, 0.2, 0.0, 0.0, 0.0),
    Species("propylene", "alkene", 2.6e-11, 1.0e-17, 42.08, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    Species("1_butene", "alkene", 3.1e-11, 1.0e-17, 56.11, 1.1, 0.9, 1.0, 0.0, 0.005, 0.01),
    Species("trans_2_butene", "alkene", 6.4e-11, 1.9e-16, 56.11, 1.0, 0.2, 1.8, 0.0, 0.005, 0.01),
    Species("benzene", "aromatic", 1.2e-12, 0.0, 78.11, 0.7, 0.0, 0.1, 0.6, 0.10, 0.28),
    Species("toluene", "aromatic", 5.6e-12, 0.0, 92.14, 0.8, 0.1, 0.2, 0.7, 0.09, 0.22),
    Species("ethylbenzene", "aromatic", 7.0e-12, 0.0, 106.17, 0.8, 0.1, 0.2, 0.7, 0.08, 0.18),
    Species("m_p_xylene", "aromatic", 1.9e-11, 0.0, 106.17, 0.85, 0.1, 0.2, 0.9, 0.06, 0.16),
    Species("o_xylene", "aromatic", 1.36e-11, 0.0, 106.17, 0.85, 0.1, 0.2, 0.9, 0.06, 0.16),
    Species("1_2_4_trimethylbenzene", "aromatic", 3.2e-11, 0.0, 120.19, 0.9, 0.1, 0.2, 1.0, 0.05, 0.12),
    Species("isoprene", "biogenic", 1.0e-10, 1.3e-17, 68.12, 1.1, 0.8, 0.6, 0.1, 0.02, 0.04),
    Species("acetone", "ovoc", 1.8e-13, 0.0, 58.08, 1.0, 1.0, 0.3, 0.0, 0.0, 0.0),
    Species("ethyl_acetate", "ovoc", 1.6e-12, 0.0, 88.11, 1.0, 0.1, 0.8, 0.0, 0.0, 0.0),
)
ACETALDEHYDE_G_MOL = 44.05
FORMALDEHYDE_G_MOL = 30.03
K_OH_HCHO, K_OH_ALD, K_OH_DICARBONYL = 8.5e-12, 1.5e-11, 2.5e-11
MOLECULES_PER_PPB = 2.461e10

#: l, m, n of J = l cos^m exp(-n / cos) [s⁻¹].
PHOTOLYSIS = {
    "o1d": (6.073e-5, 1.743, 0.474),
    "no2": (1.165e-2, 0.244, 0.267),
    "hono": (2.644e-3, 0.261, 0.288),
    "hcho_r": (4.642e-5, 0.762, 0.353),
    "hcho_m": (6.853e-5, 0.477, 0.323),
    "ald": (7.344e-6, 1.202, 0.417),
    "dicarbonyl": (1.9e-4, 0.402, 0.196),
}


def photolysis(name: str, cos_zenith: np.ndarray) -> np.ndarray:
    """Rate in clear sky [s⁻¹], 0 at night."""
    scale, power, decay = PHOTOLYSIS[name]
    up = np.maximum(cos_zenith, 1e-3)
    return np.where(cos_zenith > 0, scale * up**power * np.exp(-decay / up), 0.0)


def arrhenius(a: float, energy_k: float, temperature_k: np.ndarray) -> np.ndarray:
    """A exp(-E/T) [cm³ s⁻¹], as ppb⁻¹ s⁻¹."""
    found: np.ndarray = a * np.exp(-energy_k / temperature_k) * MOLECULES_PER_PPB * 298.15 / temperature_k
    return found


def ammonium_nitrate_product(temperature_k: np.ndarray, humidity_pct: np.ndarray) -> np.ndarray:
    """Product NH3 times HNO3 over ammonium nitrate [ppb²]: dry form, lowered smoothly above deliquescence.

    References
    ----------
    Seinfeld and Pandis, Atmospheric Chemistry and Physics, eq. for K_p(T) in ppb² (from memory, not verified).
    """
    dry = np.exp(84.6 - 24220.0 / temperature_k - 6.1 * np.log(temperature_k / 298.0))
    wet = np.clip((humidity_pct - 55.0) / 45.0, 0.0, 1.0)
    found: np.ndarray = dry * np.exp(-3.2 * wet)
    return found
