"""Rates of the box model: a compact scheme of HOx, NOx and VOC, the equilibrium of ammonium nitrate, loss on particles.

Rate constants are rounded values of the order of IUPAC's and JPL's evaluations, from memory (not verified); their error is part of `prior.PRIOR`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from analysis.chemistry.reactivity import MOLECULES_CM3_PER_PPB
from analysis.coanalysis.cocontrol.box.light import no2_photolysis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_LOWEST_LIGHT_W_M2 = 5.0
_FULL_SUN_S1 = 9e-3
_LEAFLESS_DEGC = 8.0
"""Project's choice."""
OH_FORMALDEHYDE, OH_ALDEHYDE, OH_DICARBONYL = (value * MOLECULES_CM3_PER_PPB for value in (8.7e-12, 1.5e-11, 2.0e-11))
"""[ppb⁻¹ s⁻¹]"""
METHANE_S1 = 0.31
"""OH reactivity of methane at 2 ppm [s⁻¹]."""


@dataclass(frozen=True, slots=True)
class Yields:
    """Products of one reaction of a VOC with OH [1].

    Peroxy radicals and HO2, together one radical at most; further conversions of NO; formaldehyde, higher aldehydes, dicarbonyls.
    """

    peroxy: float
    hydroperoxy: float
    further: float
    formaldehyde: float
    aldehyde: float
    dicarbonyl: float


YIELDS = {
    "alkane": Yields(1.0, 0.0, 0.35, 0.2, 0.6, 0.0),
    "alkene": Yields(1.0, 0.0, 0.05, 1.0, 0.7, 0.0),
    "isoprene": Yields(1.0, 0.0, 0.1, 0.7, 0.6, 0.1),
    "aromatic": Yields(0.75, 0.25, 0.0, 0.05, 0.2, 1.0),
    "ovoc": Yields(1.0, 0.0, 0.0, 0.4, 0.5, 0.0),
}
YIELDS_MISSING = Yields(0.9, 0.1, 0.1, 0.5, 0.5, 0.2)
"""Of VOC that were not measured."""
OZONE_LOSS_ALKENE = 3.0e-17 * MOLECULES_CM3_PER_PPB
"""Mean rate constant of alkenes with O3 [ppb⁻¹ s⁻¹]; fast lumps and slow ones differ by more, which is small by day."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Rates by hour, or of one hour by row of the ensemble [s⁻¹, ppb⁻¹ s⁻¹].

    ``j_`` are in light as measured; ``green`` is the emission of isoprene by that in full sun at 27 °C, ``wind`` the exchange with the air around by the usual
    one [1].
    """

    j_no2: Array
    j_o1d: Array
    j_hono: Array
    j_formaldehyde_radical: Array
    j_formaldehyde_molecule: Array
    j_aldehyde: Array
    j_dicarbonyl: Array
    water: Array
    no_o3: Array
    no2_o3: Array
    ho2_no: Array
    peroxy_no: Array
    ho2_ho2: Array
    peroxy_ho2: Array
    oh_no2: Array
    oh_no: Array
    oh_co: Array
    oh_so2: Array
    no3_no: Array
    n2o5_balance: Array
    salt_ppb2: Array
    moist: Array
    wet: Array
    green: Array
    wind: Array

    @property
    def is_day(self) -> NDArray[np.bool_]:
        """Whether there is light."""
        return self.j_no2 > 0.0

    def of_rows(self, hours: NDArray[np.int64]) -> Moment:
        """The hours as a column, one a row of the ensemble."""
        return Moment(*(getattr(self, item.name)[hours][:, None] for item in fields(self)))


def moments(temperature_degc: Array, humidity_pct: Array, radiation_w_m2: Array, cosine: Array, wind: Array) -> Moment:
    """Rates by hour at temperatures, humidities, global radiation, cosines of the zenith angle and wind by its mean [1]."""
    kelvin = temperature_degc + 273.15
    per_ppb = MOLECULES_CM3_PER_PPB * 298.15 / kelvin
    j_no2 = np.where(radiation_w_m2 > _LOWEST_LIGHT_W_M2, no2_photolysis(radiation_w_m2), 0.0)
    sky = np.minimum(radiation_w_m2 / np.maximum(1050.0 * cosine**1.15, 50.0), 1.1)
    vapour = 6.11 * 10 ** (7.5 * temperature_degc / (237.3 + temperature_degc)) * humidity_pct / 100.0 / 1013.0
    return Moment(
        j_no2=j_no2,
        j_o1d=3.6e-5 * cosine**1.9 * sky,
        j_hono=0.18 * j_no2,
        j_formaldehyde_radical=3.6e-3 * j_no2 * cosine**0.45,
        j_formaldehyde_molecule=5.2e-3 * j_no2 * cosine**0.2,
        j_aldehyde=5.5e-4 * j_no2 * cosine**0.9,
        j_dicarbonyl=1.6e-2 * j_no2,
        water=vapour / (vapour + 0.13),
        no_o3=1.4e-12 * np.exp(-1310.0 / kelvin) * per_ppb,
        no2_o3=1.2e-13 * np.exp(-2450.0 / kelvin) * per_ppb,
        ho2_no=3.3e-12 * np.exp(270.0 / kelvin) * per_ppb,
        peroxy_no=2.7e-12 * np.exp(360.0 / kelvin) * per_ppb,
        ho2_ho2=2.9e-12 * (1.0 + 60.0 * vapour) * per_ppb,
        peroxy_ho2=1.7e-11 * per_ppb,
        oh_no2=1.05e-11 * (298.15 / kelvin) ** 1.3 * per_ppb,
        oh_no=7.4e-12 * per_ppb,
        oh_co=2.35e-13 * per_ppb,
        oh_so2=9.5e-13 * per_ppb,
        no3_no=2.6e-11 * per_ppb,
        n2o5_balance=5.8e-27 * np.exp(10840.0 / kelvin) * per_ppb,
        salt_ppb2=salt_product(kelvin, humidity_pct),
        moist=np.clip(humidity_pct / 50.0, 0.3, 1.9),
        wet=np.minimum(np.exp((humidity_pct - 80.0) / 16.0), 2.0),
        green=np.where(
            temperature_degc > _LEAFLESS_DEGC, j_no2 / _FULL_SUN_S1 * np.exp(0.09 * (temperature_degc - 27.0)), 0.0
        ),
        wind=wind,
    )


def salt_product(kelvin: Array, humidity_pct: Array) -> Array:
    """Product of the mixing ratios of NH3 and HNO3 over ammonium nitrate [ppb²].

    Parameters
    ----------
    kelvin : array
        Temperature [K].
    humidity_pct : array
        Relative humidity [%]; above deliquescence the product of the solution.

    References
    ----------
    Mozurkewich 1993, Atmos. Environ. 27A, 261 (coefficients from memory, not verified).

    Examples
    --------
    >>> import numpy as np
    >>> salt_product(np.array([298.15, 273.15]), np.array([30.0, 85.0])).round(2).tolist()
    [43.11, 0.03]
    """
    dry = np.exp(118.87 - 24084.0 / kelvin - 6.025 * np.log(kelvin))
    drought = 1.0 - np.minimum(humidity_pct, 97.0) / 100.0
    first, second, third = (
        np.exp(a + b / kelvin + c * np.log(kelvin))
        for a, b, c in ((-135.94, 8763.0, 19.12), (-122.65, 9969.0, 16.22), (-182.61, 13875.0, 24.46))
    )
    part = (first - second * drought + third * drought**2) * drought**1.75
    is_dry = humidity_pct < np.exp(723.7 / kelvin + 1.6954)
    return np.asarray(np.where(is_dry, dry, dry * np.maximum(part, 1e-3)))
