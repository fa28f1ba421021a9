"""Box model that is held to the observations, and its answer to a cut of each precursor.

The first scenario follows the observed precursors and Ox; the sources that this takes are what the observations imply. The other scenarios get
the same sources, those of one precursor reduced, and run freely. All scenarios of all members of the ensemble are one array (member, scenario).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.chemistry import (
    METHANE_S1,
    OH_ALDEHYDE,
    OH_DICARBONYL,
    OH_FORMALDEHYDE,
    OZONE_LOSS_ALKENE,
    YIELDS,
    YIELDS_MISSING,
    Moment,
    moment,
)
from analysis.coanalysis.cocontrol.light import clear_sky, cosine_of_zenith, mixing_shape
from analysis.coanalysis.cocontrol.prior import USUAL_BY_NOX, USUAL_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

CUT = 0.2
"""Reduction of the emission of a precursor [1]."""
STEPS_PER_HOUR = 3
_STEP_S = 3600.0 / STEPS_PER_HOUR
_SULFATE_G_MOL, _NITRATE_G_MOL = 96.06, 62.0
_LITRE = 24.45
_USUAL_CO_PPB = 400.0
_USUAL_HUMIDITY_PCT = 60.0
_USUAL_TEMPERATURE_DEGC = 15.0
_DEPOSITION_PARTICLE_S1 = 2e-6
_FAST_ALKANE = 7e-12 * 2.461e10
_ALOFT = ("ox", "nitrate", "sulfate", "soa")
"""What is kept aloft over night and mixed down in the morning."""
_PRECURSOR_OF = {"nox": "nox", "co": "co", "so2": "so2", "nh3": "nh3", "formaldehyde": "ovoc", "aldehyde": "ovoc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRun:
    """Hours of a run; axes hour, member, scenario (0 base).

    Attributes
    ----------
    o3, sulfate, nitrate, ammonium : array
        [ppb]
    soa : array
        [µg m⁻³]
    ox_made, ox_residual : array
        Axes hour, member: production of Ox, and what the observed Ox needs beyond production and dilution [ppb h⁻¹].
    """

    o3: Array
    sulfate: Array
    nitrate: Array
    ammonium: Array
    soa: Array
    ox_made: Array
    ox_residual: Array


@dataclass(frozen=True, slots=True)
class _Followed:
    """Observed mixing ratio by step [ppb], scaled by the member's ``gauge``, and what is added unscaled."""

    values: Array
    gauge: Array
    added: Array | None = None

    def __call__(self, step: int) -> Array:
        """Of all members, (member, 1)."""
        found = self.values[step] * self.gauge
        return np.asarray(found if self.added is None else found + self.added[step])


@dataclass(slots=True)
class _Column:
    """State: mixing ratios [ppb] of (member, scenario), ``soa`` [µg m⁻³], ``voc`` with the lump as first axis."""

    gas: dict[str, Array]
    voc: Array
    no2: Array
    oh: Array
    ho2: Array
    peroxy: Array
    salt: Array
    bound: Array
    aloft: dict[str, Array]


def run_box(
    given: ModelInput,
    constant: dict[str, Array],
    precursors: Sequence[str],
    *,
    latitude_deg: float,
    progress: Callable[[int], None] | None = None,
) -> BoxRun:
    """Run the ensemble.

    Parameters
    ----------
    given : ModelInput
    constant : dict of str to array
        Of `prior.constants_of`, one value a member.
    precursors : sequence of str
        Cut by 20 % one after the other; empty: the base alone.
    latitude_deg : float
        For the height of the sun [deg].
    progress : callable or None
        Called with the number of days done after each.
    """
    box = _Box(given, {name: value[:, None] for name, value in constant.items()}, tuple(precursors), latitude_deg)
    hours: list[tuple[Array, ...]] = []
    for hour in range(len(given.start)):
        hours.append(box.hour(hour))
        if progress is not None and (hour + 1) % 24 == 0:
            progress((hour + 1) // 24)
    o3, sulfate, nitrate, ammonium, soa, made, residual = (np.stack(column) for column in zip(*hours, strict=True))
    return BoxRun(
        o3=o3, sulfate=sulfate, nitrate=nitrate, ammonium=ammonium, soa=soa, ox_made=made, ox_residual=residual
    )


class _Box:
    """Observations at the steps, constants as columns, and the state."""

    def __init__(
        self, given: ModelInput, constant: dict[str, Array], precursors: tuple[str, ...], latitude_deg: float
    ) -> None:
        self._constant = constant
        self._given = given
        self._shape = (len(constant["light"]), 1 + len(precursors))
        self._kept = {
            name: np.array([1.0, *(1.0 - CUT * (item == name) for item in precursors)])[None, :]
            for name in ("nox", "alkene", "aromatic", "alkane", "ovoc", "isoprene", "co", "so2", "nh3")
        }
        self._moments = _moments(given, latitude_deg)
        self._observed = _observed(given, constant)
        self._lumps = given.lumps
        self._k_voc = np.array([item.k_oh for item in self._lumps])[:, None, None] * constant["reactivity"]
        self._gauge = [constant.get(f"gauge_{item.group}", np.ones_like(constant["light"])) for item in self._lumps]
        self._voc_steps = [at_steps(item.ppb) for item in self._lumps]
        self._voc_outside = [np.percentile(item.ppb, 5) * constant["outside_gas"] for item in self._lumps]
        self._outside = _outside(given, constant, self._observed)
        self._soa_yield = (
            np.stack([_soa_yield(item.group, item.k_oh, constant) * item.ug_per_ppb for item in self._lumps])
            if self._lumps
            else np.zeros((0, *constant["light"].shape))
        )
        self._heights = mixing_heights(given, constant["growth"], latitude_deg)
        self._state = self._start()

    def _start(self) -> _Column:
        whole = np.ones(self._shape)
        names = ("nox", "ox", "co", "so2", "nh3", "formaldehyde", "aldehyde")
        gas = {name: self._observed[name](0) * whole for name in names if name in self._observed}
        gas.setdefault("so2", 0.0 * whole)
        gas |= {name: self._start_of(name) * whole for name in ("nitrate", "sulfate", "soa")}
        gas["dicarbonyl"] = 0.05 * whole
        for name in ("formaldehyde", "aldehyde"):
            gas.setdefault(name, whole.copy())
        voc = (
            np.stack([series[0] * gauge * whole for series, gauge in zip(self._voc_steps, self._gauge, strict=True)])
            if self._lumps
            else np.zeros((0, *self._shape))
        )
        zero = np.zeros(self._shape)
        return _Column(
            gas=gas, voc=voc, no2=0.7 * gas["nox"], oh=zero, ho2=zero, peroxy=zero, salt=zero, bound=zero,
            aloft={name: self._outside[name] * whole for name in _ALOFT},
        )  # fmt: skip

    def _start_of(self, name: str) -> float:
        """The first day's mean, where it was measured."""
        series = self._given.soa if name == "soa" else self._given.series.get(name)
        mass = {"nitrate": _NITRATE_G_MOL / _LITRE, "sulfate": _SULFATE_G_MOL / _LITRE, "soa": 1.0}[name]
        return max(float(np.mean(series[:24])), 0.0) / mass if series is not None else 1.0

    def hour(self, hour: int) -> tuple[Array, ...]:
        """Means of the hour, as `BoxRun` has them."""
        total: list[Array] | None = None
        for part in range(STEPS_PER_HOUR):
            made, residual = self._step(hour * STEPS_PER_HOUR + part, self._moments[hour])
            gas = self._state.gas
            rows = [
                np.maximum(gas["ox"] - self._state.no2, 0.0), gas["sulfate"].copy(), self._state.salt,
                self._state.salt + self._state.bound, gas["soa"].copy(), made * 3600.0, residual * 3600.0,
            ]  # fmt: skip
            total = rows if total is None else [a + b for a, b in zip(total, rows, strict=True)]
        return tuple(value / STEPS_PER_HOUR for value in total or [])

    def _step(self, step: int, now: Moment) -> tuple[Array, Array]:
        """One step; production of Ox and the residual of the base [ppb s⁻¹]."""
        state, constant = self._state, self._constant
        exchange = constant["dilution_day"] if now.j_no2 > 0 else constant["dilution_night"]
        height, next_height = self._heights[step], self._heights[step + 1]
        growth = np.log(next_height / height) / _STEP_S
        mixed, left = np.maximum(growth, 0.0), np.maximum(-growth, 0.0)
        shallow = constant["growth"] / next_height
        no = np.maximum(state.gas["nox"] - state.no2, 1e-5)
        o3 = np.maximum(state.gas["ox"] - state.no2, 1e-3)
        reacted = self._radicals(now, no, o3)
        night = self._night(now, no, o3)
        ox_made = (now.ho2_no * state.ho2 + 0.94 * now.peroxy_no * state.peroxy) * no
        further = [YIELDS[item.group].further * row for row, item in zip(reacted, self._lumps, strict=True)]
        with_no = now.peroxy_no * no / (now.peroxy_no * no + now.peroxy_ho2 * state.ho2 + 1e-4)
        ox_made = ox_made + with_no * (sum(further) if further else 0.0)
        residual = self._advance_ox(step, now, night, (ox_made, o3, exchange, mixed, shallow))
        self._advance_primary(step, now, night, (reacted, no, exchange, shallow))
        self._advance_particles(now, night, reacted, (exchange, mixed, shallow))
        self._mix_aloft(left)
        state.no2 = _stationary_no2(state, now, constant["light"])
        return ox_made[:, 0], residual

    def _radicals(self, now: Moment, no: Array, o3: Array) -> Array:
        """OH, HO2 and peroxy radicals in balance; returns what of each lump reacts [ppb s⁻¹]."""
        state, constant, gas = self._state, self._constant, self._state.gas
        k_voc = self._k_voc * state.voc
        light = constant["light"]
        yields = [YIELDS[item.group].peroxy for item in self._lumps]
        voc = sum(k_voc) if self._lumps else np.zeros(self._shape)
        voc = voc * (1.0 + constant["unmeasured"])
        missing = self._missing()
        voc = voc + missing
        aldehyde, dicarbonyl = OH_ALDEHYDE * gas["aldehyde"], OH_DICARBONYL * gas["dicarbonyl"]
        to_peroxy = sum(y * k for y, k in zip(yields, k_voc, strict=True)) if self._lumps else np.zeros(self._shape)
        handed = np.minimum(constant["handed_on"], 1.0) * (1.0 + constant["unmeasured"])
        to_peroxy = to_peroxy * handed + missing * YIELDS_MISSING.peroxy + aldehyde + dicarbonyl + METHANE_S1
        co = gas.get("co", _USUAL_CO_PPB)
        to_ho2 = now.oh_co * co + OH_FORMALDEHYDE * gas["formaldehyde"] + now.oh_so2 * gas["so2"] + 0.04
        at_once = [YIELDS[item.group].hydroperoxy * k for k, item in zip(k_voc, self._lumps, strict=True)]
        to_ho2 = to_ho2 + handed * (sum(at_once) if at_once else 0.0) + missing * YIELDS_MISSING.hydroperoxy
        loss = voc + aldehyde + dicarbonyl + METHANE_S1 + now.oh_no2 * state.no2 + now.oh_no * no
        loss = loss + now.oh_co * co + OH_FORMALDEHYDE * gas["formaldehyde"] + now.oh_so2 * gas["so2"] + 0.04
        alkene = [k for k, item in zip(state.voc, self._lumps, strict=True) if item.group in {"alkene", "isoprene"}]
        ozonolysis = OZONE_LOSS_ALKENE * (sum(alkene) if alkene else 0.0) * o3 * 0.4
        # HONO in balance: made of NO2 in light and of OH + NO, split by light
        hono = constant["hono_light"] * state.no2 * (now.j_no2 / 9e-3) + 1.2e-7 * state.no2
        source_oh = 2 * now.j_o1d * light * now.water * o3 + hono + 0.4 * ozonolysis
        source_oh = source_oh + (now.oh_no * state.oh * no if now.j_no2 > 0 else 0.0)
        source_ho2 = (
            light
            * (
                2 * now.j_formaldehyde_radical * gas["formaldehyde"]
                + now.j_aldehyde * gas["aldehyde"]
                + now.j_dicarbonyl * gas["dicarbonyl"]
            )
            + 0.2 * ozonolysis
        )
        source_peroxy = (
            light * (now.j_aldehyde * gas["aldehyde"] + now.j_dicarbonyl * gas["dicarbonyl"]) + 0.3 * ozonolysis
        )
        cycle = now.ho2_no * no
        for _ in range(2):
            loss_peroxy = now.peroxy_no * no + now.peroxy_ho2 * state.ho2 + 1e-4
            onward = 0.94 * now.peroxy_no * no / loss_peroxy
            forth = np.minimum((to_ho2 + to_peroxy * onward) / loss, 0.995)
            linear = cycle * (1.0 - forth) + now.peroxy_ho2 * state.peroxy + 2e-4
            source = source_ho2 + source_oh * forth + source_peroxy * onward
            state.ho2 = 2 * source / (linear + np.sqrt(linear**2 + 8 * now.ho2_ho2 * source) + 1e-30)
            state.oh = (source_oh + cycle * state.ho2) / loss
            state.peroxy = (source_peroxy + state.oh * to_peroxy) / loss_peroxy
        reacted: Array = k_voc * state.oh
        return reacted

    def _missing(self) -> Array:
        """OH reactivity of the groups of VOC that were not measured, the same in all scenarios [s⁻¹]: by the measured groups, or by NOx."""
        lacking = sum(USUAL_SHARE[name] for name in self._given.missing_groups)
        there = 1.0 - lacking
        if lacking == 0.0:
            return np.zeros_like(self._constant["light"])
        rows = [row for row, item in enumerate(self._lumps) if item.group != "isoprene"]
        if rows:
            usual = lacking / there * (self._k_voc[rows] * self._state.voc[rows])[:, :, :1].sum(axis=0)
        else:
            usual = USUAL_BY_NOX * self._state.gas["nox"][:, :1]
        return np.asarray(self._constant["missing_voc"] * usual)

    def _night(self, now: Moment, no: Array, o3: Array) -> Array:
        """NOx lost through N2O5 on particles [ppb s⁻¹]."""
        no2 = self._state.no2
        through = now.n2o5_balance * self._constant["night_uptake"] * now.moist * no2
        radical = now.no2_o3 * no2 * o3 / (now.no3_no * no + (0.15 if now.j_no2 > 0 else 0.0) + through + 2e-3)
        lost: Array = 2 * through * radical
        return lost

    def _advance_ox(
        self, step: int, now: Moment, night: Array, rest: tuple[Array, Array, Array, Array, Array]
    ) -> Array:
        """Ox of all scenarios with the residual of the base; returns the residual less the air from outside [ppb s⁻¹]."""
        made, o3, exchange, mixed, shallow = rest
        gas, constant = self._state.gas, self._constant
        nitric = now.oh_no2 * self._state.oh * self._state.no2
        alkene = [
            k for k, item in zip(self._state.voc, self._lumps, strict=True) if item.group in {"alkene", "isoprene"}
        ]
        lost = (
            now.j_o1d * constant["light"] * now.water + constant["ozone_loss"] * shallow + 1.5e-3 * self._state.oh
        ) * o3
        lost = lost + nitric + 1.5 * night + OZONE_LOSS_ALKENE * (sum(alkene) if alkene else 0.0) * o3
        sink = exchange + mixed + lost / np.maximum(gas["ox"], 0.1)
        inflow = made + mixed * self._state.aloft["ox"]
        old, target = gas["ox"][:, :1], self._observed["ox"](step + 1)
        residual = (target * (1.0 + _STEP_S * sink[:, :1]) - old) / _STEP_S - inflow[:, :1]
        gas["ox"] = np.maximum((gas["ox"] + _STEP_S * (inflow + residual)) / (1.0 + _STEP_S * sink), 0.1)
        beyond: Array = (residual - exchange * self._outside["ox"])[:, 0]
        return beyond

    def _advance_primary(self, step: int, now: Moment, night: Array, rest: tuple[Array, Array, Array, Array]) -> None:
        reacted, no, exchange, shallow = rest
        state, constant, gas = self._state, self._constant, self._state.gas
        oh, light = state.oh, constant["light"]
        nitric = now.oh_no2 * oh * state.no2
        organic = 0.06 * now.peroxy_no * state.peroxy * no
        none = np.zeros(self._shape)
        by_group = [YIELDS[item.group] for item in self._lumps]
        sums = {
            name: sum(getattr(y, name) * r for y, r in zip(by_group, reacted, strict=True)) if by_group else none
            for name in ("formaldehyde", "aldehyde", "dicarbonyl")
        }
        missing = self._missing() * oh
        sums = {name: total + getattr(YIELDS_MISSING, name) * missing for name, total in sums.items()}
        in_salt = np.clip((state.salt + state.bound) / np.maximum(gas.get("nh3", none + 1.0), 1e-3), 0.0, 1.0)
        loss = {
            "nox": (nitric + night + organic) / np.maximum(gas["nox"], 1e-3) + 1e-6,
            "co": now.oh_co * oh,
            "so2": now.oh_so2 * oh + constant["sulfur_wet"] * now.wet + 4e-6,
            "nh3": constant["ammonia_loss"] * shallow * (1 - in_salt) + _DEPOSITION_PARTICLE_S1,
            "formaldehyde": light * (now.j_formaldehyde_radical + now.j_formaldehyde_molecule)
            + OH_FORMALDEHYDE * oh
            + 4e-6,
            "aldehyde": light * now.j_aldehyde + OH_ALDEHYDE * oh + 2e-6,
            "dicarbonyl": light * now.j_dicarbonyl + OH_DICARBONYL * oh + 2e-6,
        }
        made = {
            "formaldehyde": sums["formaldehyde"] + METHANE_S1 * oh,
            "aldehyde": sums["aldehyde"],
            "dicarbonyl": constant["dicarbonyl"] * sums["dicarbonyl"],
        }
        for name, sink in loss.items():
            if name not in gas:
                continue
            target = self._observed[name](step + 1) if name in self._observed else None
            outside = self._outside.get(name, 0.0) * exchange
            kept = self._kept.get(_PRECURSOR_OF.get(name, ""), np.ones((1, self._shape[1])))
            gas[name] = _forced(gas[name], target, (sink + exchange, made.get(name, none), outside), kept)
        for row, lump in enumerate(self._lumps):
            sink = self._k_voc[row] * oh + exchange
            target = self._voc_steps[row][step + 1] * self._gauge[row]
            state.voc[row] = _forced(
                state.voc[row], target, (sink, none, self._voc_outside[row] * exchange), self._kept[lump.group]
            )

    def _advance_particles(self, now: Moment, night: Array, reacted: Array, air: tuple[Array, Array, Array]) -> None:
        """Total nitrate, sulfate and secondary organics, free; then the salt."""
        state, constant, gas = self._state, self._constant, self._state.gas
        exchange, mixed, shallow = air
        in_salt = np.clip(state.salt / np.maximum(gas["nitrate"], 1e-4), 0.0, 1.0)
        sulfur = (now.oh_so2 * state.oh + constant["sulfur_wet"] * now.wet) * gas["so2"]
        made = {
            "nitrate": now.oh_no2 * state.oh * state.no2 + night,
            "sulfate": sulfur,
            "soa": (self._soa_yield * reacted).sum(axis=0),
        }
        loss = {"nitrate": constant["nitric_loss"] * shallow * (1 - in_salt) + _DEPOSITION_PARTICLE_S1}
        for name, source in made.items():
            sink = loss.get(name, _DEPOSITION_PARTICLE_S1) + exchange + mixed
            inflow = exchange * self._outside[name] + mixed * state.aloft[name]
            gas[name] = (gas[name] + _STEP_S * (source + inflow)) / (1.0 + _STEP_S * sink)
        ammonia = gas.get("nh3", constant["ammonia_unmeasured"] + 0.0 * gas["nitrate"])
        state.bound = np.minimum(2.0 * gas["sulfate"], ammonia)
        free = ammonia - state.bound
        gap = free - gas["nitrate"]
        product = now.salt_ppb2 * constant["salt"]
        state.salt = np.maximum(0.5 * (free + gas["nitrate"] - np.sqrt(gap**2 + 4 * product)), 0.0)

    def _mix_aloft(self, left: Array) -> None:
        """Air that the layer leaves aloft as it shrinks; the wind exchanges it as it does below by night."""
        wind = self._constant["dilution_night"]
        for name, aloft in self._state.aloft.items():
            source = left * self._state.gas[name] + wind * self._outside[name]
            self._state.aloft[name] = (aloft + _STEP_S * source) / (1.0 + _STEP_S * (left + wind))


def mixing_heights(given: ModelInput, growth: Array, latitude_deg: float) -> Array:
    """Mixing height by that of the night at the ends of steps, (step, member, 1) [1]; as measured where it was."""
    hours = np.arange(len(given.start) * STEPS_PER_HOUR + 1) / STEPS_PER_HOUR
    if given.has("boundary_layer_height"):
        measured = at_steps(np.maximum(given.series["boundary_layer_height"], 50.0))
        return np.asarray(
            (measured / np.percentile(measured, 10)).clip(0.5, 30.0)[:, None, None] * np.ones_like(growth)[None]
        )
    days = np.interp(hours, np.arange(len(given.start)), np.asarray(given.start.day_of_year, dtype=float))
    cosine = cosine_of_zenith(days, hours % 24.0, latitude_deg)
    return np.asarray(1.0 + (growth[None] - 1.0) * mixing_shape(hours % 24.0, cosine)[:, None, None])


def _forced(now: Array, target: Array | None, rates: tuple[Array, Array, Array], kept: Array) -> Array:
    """One implicit step: the base reaches ``target``, the others get the source that this took, ``kept`` of it; without target no source."""
    sink, made, outside = rates
    source: Array | float = 0.0
    if target is not None:
        source = (target * (1.0 + _STEP_S * sink[:, :1]) - now[:, :1]) / _STEP_S - made[:, :1] - outside
    stepped: Array = (now + _STEP_S * (made + outside + kept * source)) / (1.0 + _STEP_S * sink)
    return np.maximum(stepped, 1e-5)


def _stationary_no2(state: _Column, now: Moment, light: Array) -> Array:
    """NO2 of the stationary state of NO, O3, light and peroxy radicals, within NOx and Ox."""
    nox, ox = state.gas["nox"], state.gas["ox"]
    radical = now.ho2_no * state.ho2 + now.peroxy_no * state.peroxy
    linear = now.no_o3 * (nox + ox) + radical + now.j_no2 * light + 1e-4
    constant = now.no_o3 * nox * ox + radical * nox
    root = np.sqrt(np.maximum(linear**2 - 4 * now.no_o3 * constant, 0.0))
    return np.asarray(np.minimum(2 * constant / (linear + root), 0.9999 * np.minimum(nox, ox)))


def at_steps(hourly: Array) -> Array:
    """Values at the ends of steps, and at the start of the first, by a line through the middles of the hours.

    Examples
    --------
    >>> import numpy as np
    >>> at_steps(np.array([0.0, 3.0])).round(2).tolist()
    [0.0, 0.0, 0.5, 1.5, 2.5, 3.0, 3.0]
    """
    edges = np.arange(len(hourly) * STEPS_PER_HOUR + 1) / STEPS_PER_HOUR
    return np.interp(edges, np.arange(len(hourly)) + 0.5, hourly)


def _moments(given: ModelInput, latitude_deg: float) -> list[Moment]:
    days = np.asarray(given.start.day_of_year, dtype=float)
    cosine = cosine_of_zenith(days, given.hour + 0.5, latitude_deg)
    nothing = np.ones(len(days))
    radiation = np.maximum(given.series.get("global_radiation", clear_sky(cosine)), 0.0)
    temperature = given.series.get("temperature", _USUAL_TEMPERATURE_DEGC * nothing)
    humidity = np.clip(given.series.get("relative_humidity", _USUAL_HUMIDITY_PCT * nothing), 1.0, 100.0)
    rows = zip(temperature.tolist(), humidity.tolist(), radiation.tolist(), cosine.tolist(), strict=True)
    return [moment(*row) for row in rows]


def _observed(given: ModelInput, constant: dict[str, Array]) -> dict[str, _Followed]:
    """Observed mixing ratio at a step, scaled by what the instruments may be off, by name."""
    series = given.series
    nox = series["no2"] + series.get("no", 0.25 * series["no2"])
    found = {"nox": (nox, "gauge_nox"), "ox": (series["no2"] + series["o3"], "")}
    for name, code in (("co", "co"), ("so2", "so2"), ("formaldehyde", "formaldehyde"), ("aldehyde", "acetaldehyde")):
        if given.has(code):
            found[name] = (series[code], "gauge_ovoc" if name in {"formaldehyde", "aldehyde"} else "")
    whole = np.ones_like(constant["light"])
    steps = {name: (at_steps(values), constant.get(gauge, whole)) for name, (values, gauge) in found.items()}
    result = {name: _Followed(values, gauge) for name, (values, gauge) in steps.items()}
    if given.has("ammonium"):
        particle = at_steps(np.maximum(series["ammonium"], 0.0) * _LITRE / 18.04)
        if given.has("ammonia"):
            result["nh3"] = _Followed(at_steps(series["ammonia"]), constant["gauge_ammonia"], particle)
        else:
            result["nh3"] = _Followed(np.ones_like(particle), constant["ammonia_unmeasured"], particle)
    return result


def _outside(given: ModelInput, constant: dict[str, Array], observed: dict[str, _Followed]) -> dict[str, Array]:
    """Mixing ratios of the air that dilutes."""
    series = given.series
    afternoon = given.between(12, 16)
    quarter = np.percentile((series["o3"] + series["no2"])[afternoon], 25)
    found = {"ox": quarter * constant["outside_ozone"]}
    for name, code in (("co", "co"), ("so2", "so2"), ("formaldehyde", "formaldehyde"), ("aldehyde", "acetaldehyde")):
        if given.has(code):
            found[name] = np.percentile(series[code], 5) * constant["outside_gas"]
    found["nox"] = np.percentile(series["no2"] + series.get("no", 0.0), 5) * constant["outside_gas"]
    if "nh3" in observed:
        levels = [observed["nh3"](step) for step in range(0, len(given.start) * STEPS_PER_HOUR, STEPS_PER_HOUR)]
        found["nh3"] = np.percentile(np.stack(levels), 5, axis=0) * constant["outside_gas"]
    for name, mass in (("nitrate", _NITRATE_G_MOL), ("sulfate", _SULFATE_G_MOL)):
        mean = float(np.mean(series[name])) * _LITRE / mass if given.has(name) else 1.0
        found[name] = mean * constant[f"outside_{name}"]
    found["soa"] = (max(float(np.mean(given.soa)), 0.0) if given.soa is not None else 1.0) * constant["outside_soa"]
    return found


def _soa_yield(group: str, k_oh: float, constant: dict[str, Array]) -> Array:
    none = np.zeros_like(constant["light"])
    if group == "alkane":
        return constant["soa_alkane"] if k_oh > _FAST_ALKANE else none
    return constant.get(f"soa_{'alkene' if group == 'isoprene' else group}", none)
