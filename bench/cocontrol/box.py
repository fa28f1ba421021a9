"""The box: emission, mixing, photochemistry and aerosol of many columns at once, in implicit steps.

One column is one province in one scenario. Slow species take a backward Euler step; OH, HO2 and RO2 are solved for their balance; NO, NO2 and O3
exchange implicitly within NOx and Ox. `tests/bench/test_cocontrol_stiff.py` holds a day of it against a stiff solver of scipy (the day's highest O3 within 1 %).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bench.cocontrol.mechanism import (
    K_OH_ALD,
    K_OH_DICARBONYL,
    K_OH_HCHO,
    MOLECULES_PER_PPB,
    VOC,
    ammonium_nitrate_product,
    arrhenius,
    photolysis,
)
from bench.cocontrol.weather import STEP_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SLOW = (
    "nox",
    "ox",
    "co",
    "so2",
    "nh3",
    "hno3",
    "sulfate",
    "soa",
    "poa",
    "ec",
    "hcho",
    "ald",
    "dicarbonyl",
    "hono",
    "h2o2",
)
"""Gases and ``sulfate`` [ppb], ``soa``, ``poa``, ``ec`` [µg m⁻³]; ``ox`` is O3 + NO2, ``nh3`` and ``hno3`` are gas and particle."""
#: Deposition velocity of gases [m s⁻¹]; particles 0.0015.
_DEPOSITION = {
    "nox": 0.001,
    "co": 0.0,
    "so2": 0.005,
    "hcho": 0.004,
    "ald": 0.002,
    "dicarbonyl": 0.003,
    "hono": 0.005,
    "h2o2": 0.01,
}
_PARTICLE_M_S = 0.0015
_K_OH = np.array([item.k_oh for item in VOC])[:, None] * MOLECULES_PER_PPB
_K_O3 = np.array([item.k_o3 for item in VOC])[:, None] * MOLECULES_PER_PPB
_PEROXY, _HCHO, _ALD, _DICARBONYL, _SOA, _SOA_LOW = (
    np.array([getattr(item, name) for item in VOC])[:, None]
    for name in ("peroxy", "hcho", "ald", "dicarbonyl", "soa", "soa_low")
)
_RADICAL, _HANDED, _FURTHER = np.minimum(_PEROXY, 1.0), np.maximum(1.0 - _PEROXY, 0.0), np.maximum(_PEROXY - 1.0, 0.0)
"""A reaction hands on one radical at most: RO2, or HO2 at once; what the table has beyond one are further conversions of NO."""
_UG_PER_PPB = np.array([item.molar_mass for item in VOC])[:, None] / 24.45
ITERATIONS = 3
ORGANIC_NITRATE = 0.08
"""Part of RO2 + NO that ends as organic nitrate [1]; the product has 0.06 and does not draw it."""
HONO_LIGHT_S1 = 1.1e-5
"""HONO from NO2 in full sun [s⁻¹]; the median of the product is 8e-6."""


@dataclass(frozen=True, slots=True)
class Constants:
    """Factors on the chemistry, one a column [1]."""

    light: Array
    oh_voc: Array
    soa: Array
    hono: Array
    n2o5: Array
    haze: Array
    ozone_deposition: Array
    equilibrium: Array
    peroxy: Array
    nitric_deposition: Array
    organic_nitrate: Array


@dataclass(frozen=True, slots=True)
class Conditions:
    """One step: weather, fluxes [ppb m s⁻¹ or µg m⁻² s⁻¹ by slow species], mixing and air from outside; one value a column."""

    temperature_k: Array
    humidity_pct: Array
    cos_zenith: Array
    cloud: Array
    height_m: Array
    entrainment_s1: Array
    detrainment_s1: Array
    ventilation_s1: Array
    flux: dict[str, Array]
    voc_flux: Array
    outside: dict[str, Array]
    voc_outside: Array


@dataclass(slots=True)
class State:
    """Concentrations in the mixed layer and aloft, and the fast species of the last step."""

    slow: dict[str, Array]
    aloft: dict[str, Array]
    voc: Array
    voc_aloft: Array
    no2: Array
    oh: Array
    ho2: Array
    ro2: Array
    no3: Array
    diagnosed: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rates:
    """Rate constants of one step [s⁻¹, ppb⁻¹ s⁻¹]."""

    j: dict[str, Array]
    no_o3: Array
    ho2_no: Array
    ro2_no: Array
    oh_no2: Array
    ho2_ho2: Array
    ro2_ho2: Array
    oh_co: Array
    oh_so2: Array
    oh_no: Array
    no2_o3: Array
    no3_no: Array
    ho2_o3: Array
    n2o5: Array
    water: Array
    nitrate_radical: Array


def _rates(now: Conditions, factor: Constants) -> _Rates:
    temperature = now.temperature_k
    scale = MOLECULES_PER_PPB * 298.15 / temperature
    names = ("o1d", "no2", "hono", "hcho_r", "hcho_m", "ald", "dicarbonyl")
    light = now.cloud * factor.light
    celsius = temperature - 273.15
    vapour_hpa = 6.112 * np.exp(17.62 * celsius / (243.12 + celsius)) * now.humidity_pct / 100.0
    water = vapour_hpa / 1013.0
    # N2O5 is in balance with NO2 and NO3; its loss on wet particles is that of NO3 times the equilibrium
    equilibrium = 2.7e-27 * np.exp(11000.0 / temperature) * scale
    uptake = factor.n2o5 * 3e-4 * np.clip(now.humidity_pct / 70.0, 0.2, 1.3)
    return _Rates(
        j={name: photolysis(name, now.cos_zenith) * light for name in names},
        no_o3=arrhenius(2.07e-12, 1400.0, temperature),
        ho2_no=arrhenius(3.45e-12, -270.0, temperature),
        ro2_no=arrhenius(2.6e-12, -360.0, temperature),
        oh_no2=1.0e-11 * scale * (298.0 / temperature) ** 1.5,
        ho2_ho2=(3.0e-12 + 2.0e-10 * water) * scale,
        ro2_ho2=arrhenius(2.9e-13, -1300.0, temperature) * 0.8,
        oh_co=2.3e-13 * scale,
        oh_so2=9.0e-13 * scale,
        oh_no=7.5e-12 * scale,
        no2_o3=arrhenius(1.4e-13, 2470.0, temperature),
        no3_no=arrhenius(1.8e-11, -110.0, temperature),
        ho2_o3=2.0e-15 * scale,
        n2o5=equilibrium * uptake,
        water=water / (water + 0.1355),
        nitrate_radical=np.minimum(equilibrium, 1e6),
    )


def advance(state: State, now: Conditions, factor: Constants, step_s: float = STEP_S) -> None:
    """One step; the state is changed in place.

    Parameters
    ----------
    state : State
    now : Conditions
        Of the end of the step.
    factor : Constants
    step_s : float
        [s]
    """
    rate = _rates(now, factor)
    old = {name: value.copy() for name, value in state.slow.items()}
    old_voc, old_no2 = state.voc.copy(), state.no2.copy()
    for _ in range(ITERATIONS):
        _fast(state, now, rate, factor)
        reacted = _voc(state, old_voc, now, factor, step_s)
        made, lost = _chemistry(state, now, rate, factor, reacted)
        for name in SLOW:
            source = now.flux.get(name, 0.0) / now.height_m + _mixing_source(state, now, name) + made.get(name, 0.0)
            sink = now.entrainment_s1 + now.ventilation_s1 + lost.get(name, 0.0)
            state.slow[name] = (old[name] + step_s * source) / (1.0 + step_s * sink)
        _exchange(state, old_no2, rate, step_s)
    _mix_aloft(state, now, step_s)


def _mixing_source(state: State, now: Conditions, name: str) -> Array:
    found: Array = now.entrainment_s1 * state.aloft[name] + now.ventilation_s1 * now.outside[name]
    return found


def _mix_aloft(state: State, now: Conditions, step_s: float) -> None:
    """Air left aloft in the evening; aloft, the wind brings the air from outside."""
    left, wind = now.detrainment_s1 * step_s, now.ventilation_s1 * step_s
    for name in SLOW:
        aloft = state.aloft[name]
        state.aloft[name] = (aloft + left * state.slow[name] + wind * now.outside[name]) / (1.0 + left + wind)
    state.voc_aloft = (state.voc_aloft + left * state.voc + wind * now.voc_outside) / (1.0 + left + wind)


def _fast(state: State, now: Conditions, rate: _Rates, factor: Constants) -> None:
    """OH, HO2 and RO2 in balance, solved together: the balance of HO2 is a quadratic once OH and RO2 are linear in it."""
    slow = state.slow
    no2 = state.no2
    no, o3 = np.maximum(slow["nox"] - no2, 1e-6), np.maximum(slow["ox"] - no2, 1e-3)
    k_voc = _K_OH * factor.oh_voc * state.voc
    hcho, ald, dicarbonyl = slow["hcho"], slow["ald"], slow["dicarbonyl"]
    to_hcho, to_ald = K_OH_HCHO * MOLECULES_PER_PPB * hcho, K_OH_ALD * MOLECULES_PER_PPB * ald
    to_dicarbonyl = K_OH_DICARBONYL * MOLECULES_PER_PPB * dicarbonyl
    methane = 6.4e-15 * MOLECULES_PER_PPB * 2000.0
    handed = np.minimum(factor.peroxy, 1.0)
    peroxy = (k_voc * _RADICAL).sum(axis=0) * handed + to_ald + to_dicarbonyl + methane
    hydro = rate.oh_co * slow["co"] + to_hcho + rate.oh_so2 * slow["so2"] + (k_voc * _HANDED).sum(axis=0) * handed
    ozonolysis = (_K_O3 * state.voc).sum(axis=0) * o3
    loss = k_voc.sum(axis=0) + to_ald + to_dicarbonyl + methane + hydro + rate.oh_no2 * no2 + rate.oh_no * no + 0.05
    made_oh = 2 * rate.j["o1d"] * rate.water * o3 + rate.j["hono"] * slow["hono"] + 0.4 * ozonolysis
    made_ho2 = 2 * rate.j["hcho_r"] * hcho + rate.j["ald"] * ald + rate.j["dicarbonyl"] * dicarbonyl + 0.2 * ozonolysis
    made_ro2 = rate.j["ald"] * ald + rate.j["dicarbonyl"] * dicarbonyl + 0.3 * ozonolysis + 0.2 * state.no3 * 1e-3
    back = rate.ho2_no * no
    for _ in range(2):
        loss_ro2 = rate.ro2_no * no + rate.ro2_ho2 * state.ho2 + 1e-4
        kept = (1.0 - ORGANIC_NITRATE * factor.organic_nitrate) * rate.ro2_no * no / loss_ro2
        linear = back * (1.0 - (hydro + peroxy * kept) / loss) + rate.ro2_ho2 * state.ro2 + 1e-4
        constant = made_ho2 + made_oh / loss * (hydro + peroxy * kept) + made_ro2 * kept
        quadratic = 2 * rate.ho2_ho2
        state.ho2 = 2 * constant / (linear + np.sqrt(linear**2 + 4 * quadratic * constant) + 1e-30)
        state.oh = (made_oh + back * state.ho2) / loss
        state.ro2 = (made_ro2 + state.oh * peroxy) / loss_ro2
    # NO3 in balance: made of NO2 and O3, lost to light, NO, organics, and through N2O5 on particles
    no3_loss = (
        rate.no3_no * no
        + 0.17 * now.cloud * (now.cos_zenith > 0)
        + rate.n2o5 * no2
        + 2e-3
        + 1.5e-11 * MOLECULES_PER_PPB * 0.05 * (state.voc[7:11].sum(axis=0))
    )
    state.no3 = rate.no2_o3 * no2 * o3 / no3_loss


def _voc(state: State, old: Array, now: Conditions, factor: Constants, step_s: float) -> Array:
    """New organics, and what of them reacts with OH [ppb s⁻¹]."""
    o3 = np.maximum(state.slow["ox"] - state.no2, 1e-3)
    by_oh = _K_OH * factor.oh_voc * state.oh
    source = now.voc_flux / now.height_m + now.entrainment_s1 * state.voc_aloft + now.ventilation_s1 * now.voc_outside
    sink = by_oh + _K_O3 * o3 + now.entrainment_s1 + now.ventilation_s1
    state.voc = (old + step_s * source) / (1.0 + step_s * sink)
    found: Array = by_oh * state.voc
    return found


def _chemistry(
    state: State, now: Conditions, rate: _Rates, factor: Constants, reacted: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Production [ppb s⁻¹, µg m⁻³ s⁻¹] and first-order loss [s⁻¹] of the slow species."""
    slow, no2, oh = state.slow, state.no2, state.oh
    no, o3 = np.maximum(slow["nox"] - no2, 1e-6), np.maximum(slow["ox"] - no2, 1e-3)
    by_ozone = _K_O3 * state.voc * o3
    night = 2 * rate.n2o5 * no2 * state.no3
    nitric = rate.oh_no2 * oh * no2
    organic_nitrate = ORGANIC_NITRATE * factor.organic_nitrate * rate.ro2_no * state.ro2 * no
    low_no = 1.0 / (1.0 + rate.ro2_no * no / (rate.ro2_ho2 * state.ho2 + 1e-6))
    soa_yield = (_SOA + (_SOA_LOW - _SOA) * low_no) * factor.soa
    haze = factor.haze * 2.5e-6 * np.clip((now.humidity_pct - 45.0) / 35.0, 0.0, 1.4) ** 2
    peroxide = (
        4e-5 * np.clip((now.humidity_pct - 70.0) / 20.0, 0.0, 1.0) * slow["h2o2"] / (slow["h2o2"] + slow["so2"] + 0.05)
    )
    hono_dark = factor.hono * (1.5e-3 / now.height_m * 0.1 * no2 + HONO_LIGHT_S1 * (now.cos_zenith * now.cloud) * no2)
    made = {
        "ox": (rate.ho2_no * state.ho2 + (1.0 - ORGANIC_NITRATE * factor.organic_nitrate) * rate.ro2_no * state.ro2)
        * no
        + (reacted * _FURTHER).sum(axis=0) * (1.0 - low_no),
        "nox": rate.j["hono"] * slow["hono"],
        "hno3": nitric + night,
        "sulfate": (rate.oh_so2 * oh + haze + peroxide) * slow["so2"],
        "soa": (reacted * soa_yield * _UG_PER_PPB).sum(axis=0),
        "hcho": (reacted * _HCHO).sum(axis=0) + by_ozone.sum(axis=0) * 0.6 + 6.4e-15 * MOLECULES_PER_PPB * 2000.0 * oh,
        "ald": (reacted * _ALD).sum(axis=0) + by_ozone.sum(axis=0) * 0.5,
        "dicarbonyl": (reacted * _DICARBONYL).sum(axis=0),
        "hono": rate.oh_no * oh * no + hono_dark,
        "h2o2": rate.ho2_ho2 * state.ho2**2,
    }
    per_nox, per_ox = 1.0 / np.maximum(slow["nox"], 1e-3), 1.0 / np.maximum(slow["ox"], 1e-3)
    ozone_lost = (
        rate.j["o1d"] * rate.water
        + rate.ho2_o3 * state.ho2
        + 1.6e-3 * oh
        + factor.ozone_deposition * 0.005 / now.height_m
    ) * o3
    sunk = {name: value / now.height_m for name, value in _DEPOSITION.items()}
    nitrate = _partition(state, now, factor)
    lost = {
        "nox": sunk["nox"] + (nitric + night + organic_nitrate + rate.oh_no * oh * no + hono_dark) * per_nox,
        "ox": (ozone_lost + by_ozone.sum(axis=0) + nitric + 1.5 * night + 0.001 / now.height_m * no2) * per_ox,
        "co": rate.oh_co * oh,
        "so2": sunk["so2"] + rate.oh_so2 * oh + haze + peroxide,
        "hcho": sunk["hcho"] + rate.j["hcho_r"] + rate.j["hcho_m"] + K_OH_HCHO * MOLECULES_PER_PPB * oh,
        "ald": sunk["ald"] + rate.j["ald"] + K_OH_ALD * MOLECULES_PER_PPB * oh,
        "dicarbonyl": sunk["dicarbonyl"] + rate.j["dicarbonyl"] + K_OH_DICARBONYL * MOLECULES_PER_PPB * oh,
        "hono": sunk["hono"] + rate.j["hono"],
        "h2o2": sunk["h2o2"] + peroxide * slow["so2"] / np.maximum(slow["h2o2"], 1e-3),
        "hno3": (factor.nitric_deposition * 0.02 * (1 - nitrate["hno3"]) + _PARTICLE_M_S * nitrate["hno3"])
        / now.height_m,
        "nh3": (0.006 * (1 - nitrate["nh3"]) + _PARTICLE_M_S * nitrate["nh3"]) / now.height_m,
    }
    lost |= dict.fromkeys(("sulfate", "soa", "poa", "ec"), _PARTICLE_M_S / now.height_m)
    return made, lost


def _partition(state: State, now: Conditions, factor: Constants) -> dict[str, Array]:
    """Part of the total nitrate and ammonia in particles [1]."""
    slow = state.slow
    product = ammonium_nitrate_product(now.temperature_k, now.humidity_pct) * factor.equilibrium
    bound = np.minimum(2.0 * slow["sulfate"], slow["nh3"])
    free = slow["nh3"] - bound
    gap = free - slow["hno3"]
    salt = np.maximum(0.5 * (free + slow["hno3"] - np.sqrt(gap**2 + 4 * product)), 0.0)
    state.diagnosed["nitrate"], state.diagnosed["ammonium"] = salt, bound + salt
    return {
        "hno3": np.clip(salt / np.maximum(slow["hno3"], 1e-6), 0.0, 1.0),
        "nh3": np.clip((bound + salt) / np.maximum(slow["nh3"], 1e-6), 0.0, 1.0),
    }


def _exchange(state: State, old_no2: Array, rate: _Rates, step_s: float) -> None:
    """NO2 within NOx and Ox: implicit step of NO + O3, NO + peroxy radicals and light, a quadratic."""
    nox, ox = np.maximum(state.slow["nox"], 1e-4), np.maximum(state.slow["ox"], 1e-3)
    radical = rate.ho2_no * state.ho2 + rate.ro2_no * state.ro2
    linear = rate.no_o3 * (nox + ox) + radical + rate.j["no2"] + 1.0 / step_s
    constant = rate.no_o3 * nox * ox + radical * nox + np.minimum(old_no2, nox) / step_s
    root = np.sqrt(np.maximum(linear**2 - 4 * rate.no_o3 * constant, 0.0))
    state.no2 = np.minimum(2 * constant / (linear + root), np.minimum(nox, ox) * 0.9999)
