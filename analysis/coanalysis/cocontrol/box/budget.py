"""The slow species in implicit steps: Ox, precursors and what they make, particles, and the air aloft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.forcing import STEP_S, STEPS_PER_HOUR
from analysis.coanalysis.cocontrol.box.radical import ORGANIC_NITRATE, alkenes, missing_reactivity
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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.column import AirColumn, BoxSetting

    Array = NDArray[np.float64]

_DEPOSITION_PARTICLE_S1 = 2e-6
_DEPOSITION_S1 = {"nox": 1e-6, "so2": 4e-6, "formaldehyde": 4e-6, "aldehyde": 2e-6, "dicarbonyl": 2e-6}
"""Project's choice, at the highest mixing height."""
_PRECURSOR_OF = {"nox": "nox", "co": "co", "so2": "so2", "nh3": "nh3", "formaldehyde": "ovoc", "aldehyde": "ovoc"}


@dataclass(frozen=True, slots=True)
class LayerExchange:
    """Exchange with the air around, growth and shrinking of the layer [s⁻¹]; ``shallow`` is its highest height by the present one [1]."""

    exchange: Array
    grown: Array
    left: Array
    shallow: Array


def mixing_of(setting: BoxSetting, steps: NDArray[np.int64], now: Moment) -> LayerExchange:
    """Exchange over a step of each row."""
    height, later = (setting.heights[at, setting.member][:, None] for at in (steps, steps + 1))
    growth = np.log(later / height) / STEP_S
    return LayerExchange(
        exchange=np.where(now.is_day, setting.constant["dilution_day"], setting.constant["dilution_night"]) * now.wind,
        grown=np.maximum(growth, 0.0),
        left=np.maximum(-growth, 0.0),
        shallow=setting.constant["growth"] / later,
    )


def made_ox(setting: BoxSetting, state: AirColumn, now: Moment, reacted: Array, no: Array) -> Array:
    """Production of Ox [ppb s⁻¹]."""
    by_radicals = (now.ho2_no * state.ho2 + (1.0 - ORGANIC_NITRATE) * now.peroxy_no * state.peroxy) * no
    further = [YIELDS[item.group].further * row for row, item in zip(reacted, setting.lumps, strict=True)]
    with_no = now.peroxy_no * no / (now.peroxy_no * no + now.peroxy_ho2 * state.ho2 + 1e-4)
    return np.asarray(by_radicals + with_no * (sum(further) if further else 0.0))


def advance_ox(
    setting: BoxSetting, state: AirColumn, now: Moment, target: Array, rest: tuple[Array, Array, Array, LayerExchange]
) -> Array:
    """Ox of all scenarios with the residual of the base; returns the residual less the air from outside [ppb s⁻¹].

    Parameters
    ----------
    setting : BoxSetting
    state : AirColumn
    now : Moment
    target : array
        Ox observed at the end of the step [ppb].
    rest : tuple
        Production of Ox and loss by night [ppb s⁻¹], O3 at the start [ppb], exchange of the layer.
    """
    made, night, o3, mixing = rest
    constant, gas = setting.constant, state.gas
    nitric = now.oh_no2 * state.oh * state.no2
    by_light = now.j_o1d * constant["light"] * now.water
    lost = (by_light + constant["ozone_loss"] * mixing.shallow + 1.5e-3 * state.oh) * o3
    lost = lost + nitric + 1.5 * night + OZONE_LOSS_ALKENE * alkenes(setting, state) * o3
    sink = mixing.exchange + mixing.grown + lost / np.maximum(gas["ox"], 0.1)
    inflow = made + mixing.grown * state.aloft["ox"]
    old = gas["ox"][:, :1]
    residual = (target * (1.0 + STEP_S * sink[:, :1]) - old) / STEP_S - inflow[:, :1]
    gas["ox"] = np.maximum((gas["ox"] + STEP_S * (inflow + residual)) / (1.0 + STEP_S * sink), 0.1)
    beyond: Array = (residual - mixing.exchange * setting.outside["ox"])[:, 0]
    return beyond


def advance_gases(
    setting: BoxSetting,
    state: AirColumn,
    now: Moment,
    steps: NDArray[np.int64],
    rest: tuple[Array, Array, Array, LayerExchange],
) -> tuple[Array, Array]:
    """Precursors and carbonyls; returns what is made of formaldehyde in the base, and its source beyond that and its emission [ppb s⁻¹].

    Parameters
    ----------
    setting : BoxSetting
    state : AirColumn
    now : Moment
    steps : array
        Of each row.
    rest : tuple
        What of each lump reacts and loss of NOx by night [ppb s⁻¹], NO at the start [ppb], exchange of the layer.
    """
    reacted, night, no, mixing = rest
    gas, none = state.gas, np.zeros(setting.shape)
    # air aloft is taken as that outside; without this dilution the morning's fall would count as a negative source, and a cut of it as a rise
    exchange = mixing.exchange + mixing.grown
    made = _made_gases(setting, state, now, reacted)
    beyond = np.zeros(setting.shape[0])
    for name, sink in _lost_gases(setting, state, now, (night, no, mixing)).items():
        if name not in gas:
            continue
        target = setting.observed[name](steps + 1) if name in setting.observed else None
        outside = setting.outside.get(name, 0.0) * exchange
        lost = 1.0 - setting.kept.get(_PRECURSOR_OF.get(name, ""), np.ones((1, setting.shape[1])))
        emitted = (
            setting.emitted[name][steps // STEPS_PER_HOUR, setting.member][:, None] if name in setting.emitted else None
        )
        gas[name], source = _forced(gas[name], target, (sink + exchange, made.get(name, none), outside), lost, emitted)
        if name == "formaldehyde" and emitted is not None:
            beyond = (source - emitted)[:, 0]
    for row, lump in enumerate(setting.lumps):
        sink = setting.k_voc[row] * state.oh + exchange
        target = setting.voc_steps[row][steps + 1][:, None] * setting.voc_gauge[row]
        rates = (sink, none, setting.voc_outside[row] * exchange)
        state.voc[row], _ = _forced(state.voc[row], target, rates, 1.0 - setting.kept[lump.group])
    return made["formaldehyde"][:, 0], beyond


def _made_gases(setting: BoxSetting, state: AirColumn, now: Moment, reacted: Array) -> dict[str, Array]:
    """Carbonyls made [ppb s⁻¹]."""
    by_group = [YIELDS[item.group] for item in setting.lumps]
    missing = missing_reactivity(setting, state, now) * state.oh
    sums = {
        name: (sum(getattr(y, name) * r for y, r in zip(by_group, reacted, strict=True)) if by_group else 0.0)
        + getattr(YIELDS_MISSING, name) * missing
        for name in ("formaldehyde", "aldehyde", "dicarbonyl")
    }
    return {
        "formaldehyde": setting.constant["formaldehyde"] * sums["formaldehyde"] + METHANE_S1 * state.oh,
        "aldehyde": sums["aldehyde"],
        "dicarbonyl": setting.constant["dicarbonyl"] * sums["dicarbonyl"],
    }


def _lost_gases(
    setting: BoxSetting, state: AirColumn, now: Moment, rest: tuple[Array, Array, LayerExchange]
) -> dict[str, Array]:
    """First-order loss, but for dilution [s⁻¹]."""
    night, no, mixing = rest
    constant, gas, oh = setting.constant, state.gas, state.oh
    light = constant["light"]
    nitric = now.oh_no2 * oh * state.no2
    organic = ORGANIC_NITRATE * now.peroxy_no * state.peroxy * no
    in_salt = np.clip((state.salt + state.bound) / np.maximum(gas.get("nh3", np.ones(setting.shape)), 1e-3), 0.0, 1.0)
    by_light = now.j_formaldehyde_radical + now.j_formaldehyde_molecule
    chemical = {
        "nox": (nitric + night + organic) / np.maximum(gas["nox"], 1e-3),
        "co": now.oh_co * oh,
        "so2": now.oh_so2 * oh + constant["sulfur_wet"] * now.wet,
        "nh3": constant["ammonia_loss"] * mixing.shallow * (1 - in_salt) + _DEPOSITION_PARTICLE_S1,
        "formaldehyde": light * by_light + OH_FORMALDEHYDE * oh,
        "aldehyde": light * now.j_aldehyde + OH_ALDEHYDE * oh,
        "dicarbonyl": light * now.j_dicarbonyl + OH_DICARBONYL * oh,
    }
    return {name: sink + _DEPOSITION_S1.get(name, 0.0) for name, sink in chemical.items()}


def advance_particles(
    setting: BoxSetting, state: AirColumn, now: Moment, rest: tuple[Array, Array, LayerExchange]
) -> None:
    """Total nitrate, sulfate and secondary organics, free; then the salt.

    Parameters
    ----------
    setting : BoxSetting
    state : AirColumn
    now : Moment
    rest : tuple
        What of each lump reacts and loss of NOx by night [ppb s⁻¹], exchange of the layer.
    """
    reacted, night, mixing = rest
    constant, gas = setting.constant, state.gas
    in_salt = np.clip(state.salt / np.maximum(gas["nitrate"], 1e-4), 0.0, 1.0)
    made = {
        "nitrate": now.oh_no2 * state.oh * state.no2 + night,
        "sulfate": (now.oh_so2 * state.oh + constant["sulfur_wet"] * now.wet) * gas["so2"],
        "soa": (setting.soa_yield * reacted).sum(axis=0),
    }
    loss = {"nitrate": constant["nitric_loss"] * mixing.shallow * (1 - in_salt) + _DEPOSITION_PARTICLE_S1}
    for name, source in made.items():
        sink = loss.get(name, _DEPOSITION_PARTICLE_S1) + mixing.exchange + mixing.grown
        inflow = mixing.exchange * setting.outside[name] + mixing.grown * state.aloft[name]
        gas[name] = (gas[name] + STEP_S * (source + inflow)) / (1.0 + STEP_S * sink)
    ammonia = gas.get("nh3", constant["ammonia_unmeasured"] + 0.0 * gas["nitrate"])
    state.bound = np.minimum(2.0 * gas["sulfate"], ammonia)
    free = ammonia - state.bound
    gap = free - gas["nitrate"]
    product = now.salt_ppb2 * constant["salt"]
    state.salt = np.maximum(0.5 * (free + gas["nitrate"] - np.sqrt(gap**2 + 4 * product)), 0.0)


def mix_aloft(setting: BoxSetting, state: AirColumn, left: Array, now: Moment) -> None:
    """Air that the layer leaves aloft as it shrinks; the wind exchanges it as it does below by night."""
    wind = setting.constant["dilution_night"] * now.wind
    for name, aloft in state.aloft.items():
        source = left * state.gas[name] + wind * setting.outside[name]
        state.aloft[name] = (aloft + STEP_S * source) / (1.0 + STEP_S * (left + wind))


def _forced(
    now: Array, target: Array | None, rates: tuple[Array, Array, Array], lost: Array, emitted: Array | None = None
) -> tuple[Array, Array]:
    """One implicit step and the source of the base: the base reaches ``target``, the others get the source that this took.

    ``lost`` is what a cut takes of what is emitted: all of the source, or ``emitted`` of it [ppb s⁻¹]; without target no source.
    """
    sink, made, outside = rates
    source = np.zeros_like(now[:, :1])
    if target is not None:
        source = (target * (1.0 + STEP_S * sink[:, :1]) - now[:, :1]) / STEP_S - made[:, :1] - outside
    without = lost * (source if emitted is None else emitted)
    stepped: Array = (now + STEP_S * (made + outside + source - without)) / (1.0 + STEP_S * sink)
    return np.maximum(stepped, 1e-5), source
