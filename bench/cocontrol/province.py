"""Provinces drawn by seed: season, emission, constants; their base run and their answer to a cut of each precursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.cocontrol.box import SLOW, Conditions, Constants, State, advance
from bench.cocontrol.mechanism import GROUPS, VOC
from bench.cocontrol.weather import SEASONS, STEP_S, STEPS_PER_DAY, Season, Weather, draw_weather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CUT = 0.2
SPIN_UP_D = 3
_FLUX_NAMES = ("nox", "co", "so2", "nh3", "poa", "ec", "hcho", "ald")
_GROUP_OF_FLUX = {"nox": "nox", "co": "co", "so2": "so2", "nh3": "nh3", "hcho": "ovoc", "ald": "ovoc"}
#: Mean shares of species in their group by mixing ratio.
_SHARES = {
    "alkane": {"ethane": 0.25, "propane": 0.25, "n_butane": 0.22, "isopentane": 0.14, "n_hexane": 0.07, "n_octane": 0.04, "n_decane": 0.03},
    "alkene": {"ethylene": 0.55, "propylene": 0.27, "1_butene": 0.1, "trans_2_butene": 0.08},
    "aromatic": {"benzene": 0.22, "toluene": 0.38, "ethylbenzene": 0.1, "m_p_xylene": 0.17, "o_xylene": 0.07, "1_2_4_trimethylbenzene": 0.06},
    "ovoc": {"acetone": 0.6, "ethyl_acetate": 0.4},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Province:
    """What is drawn: season, weather, mean fluxes [ppb m s⁻¹, µg m⁻² s⁻¹], shares and constants."""

    seed: int
    season: Season
    weather: Weather
    flux: dict[str, float]
    voc_flux: Array
    isoprene_flux: float
    outside: dict[str, float]
    voc_outside: Array
    constants: dict[str, float]
    days: int


@dataclass(frozen=True, slots=True)
class Run:
    """Hours of provinces and scenarios: axes hour, province, scenario (0 base, then `GROUPS`); spin-up left out.

    Gases [ppb], ``sulfate nitrate ammonium`` [ppb], ``soa poa ec`` [µg m⁻³]; ``voc`` has the species as last axis, of the base only.
    """

    hours: dict[str, Array]
    voc: Array


def draw_province(seed: int, days: int = 30) -> Province:
    """A province of a seed."""
    rng = np.random.default_rng([20_261_129, seed])
    season = SEASONS[int(rng.integers(len(SEASONS)))]
    weather = draw_weather(rng, season, days + SPIN_UP_D)
    nox = (14.0 if season.name == "winter" else 10.0) * rng.lognormal(0.0, 0.5) * 24.45 / 46.0 / 10.0
    cold = 1.0 if season.name == "winter" else 0.0
    voc = nox * np.exp(rng.uniform(np.log(0.5), np.log(4.0)))
    groups = rng.dirichlet(np.array([4.0, 2.2, 2.2, 1.0]))
    voc_flux = np.zeros(len(VOC))
    codes = [item.code for item in VOC]
    for share, group in zip(groups, ("alkane", "alkene", "aromatic", "ovoc"), strict=True):
        for code, part in _SHARES[group].items():
            voc_flux[codes.index(code)] = voc * share * part * rng.lognormal(0.0, 0.3)
    flux = {
        "nox": nox,
        "co": nox * rng.uniform(6.0, 16.0),
        "so2": nox * np.exp(rng.uniform(np.log(0.05), np.log(1.0))) * (1.0 + 0.5 * cold),
        "nh3": nox * np.exp(rng.uniform(np.log(0.15), np.log(2.5))) * (1.0 - 0.4 * cold),
        "poa": nox * rng.uniform(0.25, 0.9),
        "ec": nox * rng.uniform(0.12, 0.3),
        "hcho": voc * groups[3] * rng.uniform(0.1, 0.3),
        "ald": voc * groups[3] * rng.uniform(0.1, 0.3),
    }
    green = {"winter": 0.0, "spring": 0.4, "summer": 1.0, "autumn": 0.3}[season.name]
    outside = {
        "nox": 1.5, "ox": season.ozone_aloft_ppb * rng.lognormal(0.0, 0.12) + 1.2, "co": 180.0, "so2": 0.5, "nh3": 2.0,
        "hno3": 0.8, "sulfate": 0.6, "soa": 2.5, "poa": 1.0, "ec": 0.3, "hcho": 0.8, "ald": 0.4, "dicarbonyl": 0.05, "hono": 0.02, "h2o2": 0.7,
    }  # fmt: skip
    return Province(
        seed=seed,
        season=season,
        weather=weather,
        flux=flux,
        voc_flux=voc_flux,
        isoprene_flux=green * 0.6 * rng.lognormal(0.0, 0.7),
        outside=outside,
        voc_outside=np.array([_OUTSIDE.get(code, 0.02) for code in codes]),
        constants={
            name: float(_MEDIANS.get(name, 1.0) * rng.lognormal(0.0, spread)) for name, spread in _SPREADS.items()
        },
        days=days,
    )


_OUTSIDE = {"ethane": 1.5, "propane": 0.7, "n_butane": 0.3, "isopentane": 0.2, "ethylene": 0.25, "propylene": 0.04, "benzene": 0.15,
            "toluene": 0.12, "acetone": 1.2, "isoprene": 0.02}  # fmt: skip
_MEDIANS = {"peroxy": 0.9}
"""Medians of factors other than 1; the product's median of ``peroxy`` (radicals handed on) is 0.93."""
_SPREADS = {
    "light": 0.08, "oh_voc": 0.08, "soa": 0.35, "hono": 0.7, "n2o5": 0.5, "haze": 0.5, "ozone_deposition": 0.2,
    "equilibrium": 0.3, "peroxy": 0.07, "nitric_deposition": 0.25,
    "organic_nitrate": 0.4,
}  # fmt: skip
"""Standard deviation of the logarithm of each factor, drawn a province."""


def simulate(provinces: Sequence[Province], groups: Sequence[str] = GROUPS) -> Run:
    """Base and one run for each group with its emission cut by 20 %.

    Parameters
    ----------
    provinces : sequence of Province
        Of the same number of days.
    groups : sequence of str
        Groups that are cut, of `GROUPS`.
    """
    scenarios = 1 + len(groups)
    columns = np.repeat(np.arange(len(provinces)), scenarios)
    drawn = [item for item in provinces for _ in range(scenarios)]
    scale = _scales(groups, len(provinces))
    factor = Constants(**{name: np.array([item.constants[name] for item in drawn]) for name in _SPREADS})
    steps = (provinces[0].days + SPIN_UP_D) * STEPS_PER_DAY
    state = _start(provinces, columns)
    per_hour = 3600 // STEP_S
    rows: list[dict[str, Array]] = []
    voc_rows: list[Array] = []
    total: dict[str, Array] = {}
    voc_total = np.zeros_like(state.voc)
    inputs = _Inputs(provinces, columns, scale)
    for step in range(steps):
        advance(state, inputs.conditions(step), factor)
        for name, value in _observed(state).items():
            total[name] = total.get(name, 0.0) + value / per_hour
        voc_total += state.voc / per_hour
        if (step + 1) % per_hour == 0:
            rows.append(total)
            voc_rows.append(voc_total)
            total, voc_total = {}, np.zeros_like(state.voc)
    shape = (len(rows), len(provinces), scenarios)
    skip = SPIN_UP_D * 24
    hours = {name: np.stack([row[name] for row in rows]).reshape(shape)[skip:] for name in rows[0]}
    voc = np.stack([row[:, ::scenarios].T for row in voc_rows])[skip:]
    return Run(hours=hours, voc=voc)


def _observed(state: State) -> dict[str, Array]:
    slow = state.slow
    return {
        "no": slow["nox"] - state.no2,
        "no2": state.no2,
        "o3": np.maximum(slow["ox"] - state.no2, 0.0),
        **{name: slow[name] for name in ("co", "so2", "sulfate", "soa", "poa", "ec", "hcho", "ald", "hono")},
        "nitrate": state.diagnosed["nitrate"],
        "ammonium": state.diagnosed["ammonium"],
        "hno3": slow["hno3"] - state.diagnosed["nitrate"],
        "nh3": slow["nh3"] - state.diagnosed["ammonium"],
        "oh": state.oh,
        "ho2": state.ho2,
    }


def _scales(groups: Sequence[str], provinces: int) -> dict[str, Array]:
    """Factor on the emission of each group, one a column."""
    found = {name: np.ones((provinces, 1 + len(groups))) for name in GROUPS}
    for number, name in enumerate(groups, start=1):
        found[name][:, number] = 1.0 - CUT
    return {name: value.reshape(-1) for name, value in found.items()}


def _start(provinces: Sequence[Province], columns: NDArray[np.int64]) -> State:
    outside = {name: np.array([provinces[i].outside[name] for i in columns]) for name in SLOW}
    voc = np.stack([provinces[i].voc_outside for i in columns], axis=1)
    nothing = np.zeros(len(columns))
    return State(
        slow={name: value.copy() for name, value in outside.items()},
        aloft={name: value.copy() for name, value in outside.items()},
        voc=voc.copy(),
        voc_aloft=voc.copy(),
        no2=outside["nox"] * 0.8,
        oh=nothing.copy(),
        ho2=nothing.copy(),
        ro2=nothing.copy(),
        no3=nothing.copy(),
    )


class _Inputs:
    """Conditions of each step, for all columns."""

    def __init__(self, provinces: Sequence[Province], columns: NDArray[np.int64], scale: dict[str, Array]) -> None:
        self._columns = columns
        stack = {
            name: np.stack([getattr(item.weather, name) for item in provinces], axis=1) for name in Weather.__slots__
        }
        self._weather = stack
        growth = np.diff(stack["height_m"], axis=0, prepend=stack["height_m"][:1]) / STEP_S
        self._entrainment = np.maximum(growth, 0.0) / stack["height_m"] + 2e-6
        top = stack["height_m"].max(axis=0) * 1.2
        self._detrainment = np.maximum(-growth, 0.0) / np.maximum(top - stack["height_m"], 200.0) + 1e-6
        self._fluxes = {
            name: np.array([item.flux[name] for item in provinces])[columns]
            * scale.get(_GROUP_OF_FLUX.get(name, ""), 1.0)
            for name in _FLUX_NAMES
        }
        group = np.stack([scale.get(item.group, np.ones(len(columns))) for item in VOC])
        self._voc = np.stack([provinces[i].voc_flux for i in columns], axis=1) * group
        self._isoprene = np.array([provinces[i].isoprene_flux for i in columns])
        self._isoprene_row = [item.code for item in VOC].index("isoprene")
        self._outside = {name: np.array([provinces[i].outside[name] for i in columns]) for name in SLOW}
        self._voc_outside = np.stack([provinces[i].voc_outside for i in columns], axis=1)

    def conditions(self, step: int) -> Conditions:
        at = {name: value[step][self._columns] for name, value in self._weather.items()}
        hour, celsius = float(at["hour"][0]), at["temperature_k"] - 273.15
        traffic = _traffic(hour)
        work = 0.5 + 1.0 * np.exp(-(((hour - 13.0) / 5.0) ** 2))
        evaporation = work * np.exp(0.02 * (celsius - 15.0))
        shape = {"nox": traffic, "co": traffic, "ec": traffic, "poa": traffic, "so2": 1.0, "hcho": traffic, "ald": work}
        flux = {name: value * shape.get(name, 1.0) for name, value in self._fluxes.items()}
        flux["nh3"] = (
            self._fluxes["nh3"] * np.exp(0.03 * (celsius - 12.0)) * (0.6 + 0.8 * np.exp(-(((hour - 14.0) / 5.0) ** 2)))
        )
        # direct emission of NO2, 8 % of NOx, is Ox
        flux["ox"] = 0.08 * flux["nox"]
        voc_flux = self._voc * (0.4 * traffic + 0.6 * evaporation)
        light = at["cos_zenith"] * at["cloud"]
        voc_flux[self._isoprene_row] = self._isoprene * light * np.exp(0.09 * (celsius - 27.0))
        return Conditions(
            temperature_k=at["temperature_k"],
            humidity_pct=at["humidity_pct"],
            cos_zenith=at["cos_zenith"],
            cloud=at["cloud"],
            height_m=at["height_m"],
            entrainment_s1=self._entrainment[step][self._columns],
            detrainment_s1=self._detrainment[step][self._columns],
            ventilation_s1=at["ventilation_s1"],
            flux=flux,
            voc_flux=voc_flux,
            outside=self._outside,
            voc_outside=self._voc_outside,
        )


def _traffic(hour: float) -> float:
    """Two peaks of traffic, mean about 1 [1]."""
    return float(0.55 + 0.8 * np.exp(-(((hour - 8.0) / 2.0) ** 2)) + 0.9 * np.exp(-(((hour - 18.5) / 2.5) ** 2)))
