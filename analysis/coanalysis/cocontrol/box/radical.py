"""The fast species: OH, HO2 and peroxy radicals in balance, NO2 in light, N2O5 by night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.rate import (
    METHANE_S1,
    OH_ALDEHYDE,
    OH_DICARBONYL,
    OH_FORMALDEHYDE,
    OZONE_LOSS_ALKENE,
    YIELDS,
    YIELDS_MISSING,
    Moment,
)
from analysis.coanalysis.cocontrol.prior import USUAL_BY_NOX, USUAL_ISOPRENE_S1, USUAL_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.column import AirColumn, BoxSetting

    Array = NDArray[np.float64]

_USUAL_CO_PPB = 400.0
_OTHER_TO_HO2_S1 = 0.04
"""OH reactivity of H2 and the like [s⁻¹]."""
_HONO_DARK_S1 = 1.2e-7
ORGANIC_NITRATE = 0.06
"""Part of RO2 + NO that ends as organic nitrate [1]."""


@dataclass(frozen=True, slots=True)
class _Reactivity:
    """OH reactivity [s⁻¹]: in all, to peroxy radicals, to HO2."""

    loss: Array
    to_peroxy: Array
    to_ho2: Array


@dataclass(frozen=True, slots=True)
class _Source:
    """New radicals [ppb s⁻¹]."""

    oh: Array
    ho2: Array
    peroxy: Array


def balance_radicals(setting: BoxSetting, state: AirColumn, now: Moment, no: Array, o3: Array) -> Array:
    """Set OH, HO2 and peroxy radicals of the state; returns what of each lump reacts with OH [ppb s⁻¹]."""
    k_voc = setting.k_voc * state.voc
    met = _reactivity(setting, state, now, k_voc, no)
    new = _source(setting, state, now, no, o3)
    cycle = now.ho2_no * no
    for _ in range(2):
        loss_peroxy = now.peroxy_no * no + now.peroxy_ho2 * state.ho2 + 1e-4
        onward = (1.0 - ORGANIC_NITRATE) * now.peroxy_no * no / loss_peroxy
        forth = np.minimum((met.to_ho2 + met.to_peroxy * onward) / met.loss, 0.995)
        linear = cycle * (1.0 - forth) + now.peroxy_ho2 * state.peroxy + 2e-4
        source = new.ho2 + new.oh * forth + new.peroxy * onward
        state.ho2 = 2 * source / (linear + np.sqrt(linear**2 + 8 * now.ho2_ho2 * source) + 1e-30)
        state.oh = (new.oh + cycle * state.ho2) / met.loss
        state.peroxy = (new.peroxy + state.oh * met.to_peroxy) / loss_peroxy
    reacted: Array = k_voc * state.oh
    return reacted


def _reactivity(setting: BoxSetting, state: AirColumn, now: Moment, k_voc: Array, no: Array) -> _Reactivity:
    constant, gas = setting.constant, state.gas
    yields = [YIELDS[item.group] for item in setting.lumps]
    none = np.zeros(setting.shape)
    missing = missing_reactivity(setting, state, now)
    voc = (sum(k_voc) if setting.lumps else none) * (1.0 + constant["unmeasured"]) + missing
    aldehyde, dicarbonyl = OH_ALDEHYDE * gas["aldehyde"], OH_DICARBONYL * gas["dicarbonyl"]
    formaldehyde = OH_FORMALDEHYDE * gas["formaldehyde"]
    handed = np.minimum(constant["handed_on"], 1.0) * (1.0 + constant["unmeasured"])
    peroxy = sum(y.peroxy * k for y, k in zip(yields, k_voc, strict=True)) if yields else none
    at_once = sum(y.hydroperoxy * k for y, k in zip(yields, k_voc, strict=True)) if yields else none
    inorganic = now.oh_co * gas.get("co", _USUAL_CO_PPB) + formaldehyde + now.oh_so2 * gas["so2"] + _OTHER_TO_HO2_S1
    return _Reactivity(
        loss=voc + aldehyde + dicarbonyl + METHANE_S1 + now.oh_no2 * state.no2 + now.oh_no * no + inorganic,
        to_peroxy=peroxy * handed + missing * YIELDS_MISSING.peroxy + aldehyde + dicarbonyl + METHANE_S1,
        to_ho2=inorganic + handed * at_once + missing * YIELDS_MISSING.hydroperoxy,
    )


def _source(setting: BoxSetting, state: AirColumn, now: Moment, no: Array, o3: Array) -> _Source:
    constant, gas = setting.constant, state.gas
    light = constant["light"]
    ozonolysis = OZONE_LOSS_ALKENE * alkenes(setting, state) * o3 * 0.4
    # HONO in balance: made of NO2 in light and of OH + NO, split by light
    hono = constant["hono_light"] * state.no2 * (now.j_no2 / 9e-3) + _HONO_DARK_S1 * state.no2
    back = now.oh_no * state.oh * no * now.is_day
    split = light * (now.j_aldehyde * gas["aldehyde"] + now.j_dicarbonyl * gas["dicarbonyl"])
    return _Source(
        oh=2 * now.j_o1d * light * now.water * o3 + hono + 0.4 * ozonolysis + back,
        ho2=light * 2 * now.j_formaldehyde_radical * gas["formaldehyde"] + split + 0.2 * ozonolysis,
        peroxy=split + 0.3 * ozonolysis,
    )


def missing_reactivity(setting: BoxSetting, state: AirColumn, now: Moment) -> Array:
    """OH reactivity of isoprene and of the groups of VOC that were not measured, the same in all scenarios [s⁻¹].

    Groups by the measured ones, or by NOx where there are none.
    """
    constant = setting.constant
    plants = 0.0 if setting.has_isoprene else constant["missing_isoprene"] * USUAL_ISOPRENE_S1 * now.green
    lacking = sum(USUAL_SHARE[name] for name in setting.missing_groups)
    if lacking == 0.0:
        return plants + np.zeros_like(constant["light"])
    rows = [row for row, item in enumerate(setting.lumps) if item.group != "isoprene"]
    if rows:
        usual = lacking / (1.0 - lacking) * (setting.k_voc[rows] * state.voc[rows])[:, :, :1].sum(axis=0)
    else:
        usual = USUAL_BY_NOX * state.gas["nox"][:, :1]
    return np.asarray(constant["missing_voc"] * usual + plants)


def alkenes(setting: BoxSetting, state: AirColumn) -> Array:
    """Mixing ratio of what reacts with O3 [ppb]."""
    rows = [k for k, item in zip(state.voc, setting.lumps, strict=True) if item.group in {"alkene", "isoprene"}]
    return np.asarray(sum(rows)) if rows else np.zeros(setting.shape)


def night_loss(setting: BoxSetting, state: AirColumn, now: Moment, no: Array, o3: Array) -> Array:
    """NOx lost through N2O5 on particles [ppb s⁻¹]."""
    no2 = state.no2
    through = now.n2o5_balance * setting.constant["night_uptake"] * now.moist * no2
    radical = now.no2_o3 * no2 * o3 / (now.no3_no * no + 0.15 * now.is_day + through + 2e-3)
    lost: Array = 2 * through * radical
    return lost


def stationary_no2(state: AirColumn, now: Moment, light: Array) -> Array:
    """NO2 of the stationary state of NO, O3, light and peroxy radicals, within NOx and Ox."""
    nox, ox = state.gas["nox"], state.gas["ox"]
    radical = now.ho2_no * state.ho2 + now.peroxy_no * state.peroxy
    linear = now.no_o3 * (nox + ox) + radical + now.j_no2 * light + 1e-4
    constant = now.no_o3 * nox * ox + radical * nox
    root = np.sqrt(np.maximum(linear**2 - 4 * now.no_o3 * constant, 0.0))
    return np.asarray(np.minimum(2 * constant / (linear + root), 0.9999 * np.minimum(nox, ox)))
