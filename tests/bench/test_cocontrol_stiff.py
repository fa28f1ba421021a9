"""The implicit steps of the simulated provinces against scipy's stiff solver: the same rates, no balance of radicals, no fixed step."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from bench.cocontrol import box, province
from bench.cocontrol.mechanism import K_OH_ALD, K_OH_DICARBONYL, K_OH_HCHO, MOLECULES_PER_PPB
from bench.cocontrol.province import draw_province
from bench.cocontrol.weather import STEP_S, STEPS_PER_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

pytestmark = pytest.mark.slow

RADICALS = ("oh", "ho2", "ro2", "no2")
HOLD = 6
"""Steps over which the conditions are held, in both solutions."""
METHANE_S1 = 6.4e-15 * MOLECULES_PER_PPB * 2000.0


class Stiff:
    """Tendencies of all species of one column, radicals among them."""

    def __init__(self, state: box.State, factor: box.Constants) -> None:
        self._state, self._factor = deepcopy(state), factor

    def pack(self) -> Array:
        state = self._state
        rows = [*(state.slow[name] for name in box.SLOW), *(state.aloft[name] for name in box.SLOW)]
        rows += [*state.voc, *state.voc_aloft, *(getattr(state, name) for name in RADICALS)]
        return np.concatenate(rows)

    def unpack(self, values: Array) -> box.State:
        state, species = self._state, len(box.SLOW)
        organics = len(state.voc)
        slow, aloft, voc, voc_aloft, fast = np.split(
            np.maximum(values, 0.0)[:, None], np.cumsum([species, species, organics, organics])
        )
        state.slow, state.aloft = dict(zip(box.SLOW, slow, strict=True)), dict(zip(box.SLOW, aloft, strict=True))
        state.voc, state.voc_aloft = voc, voc_aloft
        for name, value in zip(RADICALS, fast, strict=True):
            setattr(state, name, value)
        return state

    def tendency(self, values: Array, now: box.Conditions, rate: box._Rates) -> Array:
        state = self.unpack(values)
        slow, oh, no2 = state.slow, state.oh, state.no2
        no, o3 = np.maximum(slow["nox"] - no2, 0.0), np.maximum(slow["ox"] - no2, 0.0)
        self._nitrate_radical(state, now, rate, no, o3)
        by_oh, by_o3 = box._K_OH * self._factor.oh_voc * oh, box._K_O3 * o3
        made, lost = box._chemistry(state, now, rate, self._factor, by_oh * state.voc)
        mixing = now.entrainment_s1 + now.ventilation_s1
        slow_rows = [
            made.get(name, 0.0) + now.flux.get(name, 0.0) / now.height_m + box._mixing_source(state, now, name)
            - (lost.get(name, 0.0) + mixing) * slow[name]
            for name in box.SLOW
        ]  # fmt: skip
        left, wind = now.detrainment_s1, now.ventilation_s1
        aloft_rows = [
            left * (slow[name] - state.aloft[name]) + wind * (now.outside[name] - state.aloft[name])
            for name in box.SLOW
        ]
        organic = now.voc_flux / now.height_m + now.entrainment_s1 * state.voc_aloft + wind * now.voc_outside
        voc_rows = organic - (by_oh + by_o3 + mixing) * state.voc
        voc_aloft = left * (state.voc - state.voc_aloft) + wind * (now.voc_outside - state.voc_aloft)
        fast = self._fast(state, rate, no, o3)
        return np.concatenate([*slow_rows, *aloft_rows, *voc_rows, *voc_aloft, *fast])

    def _nitrate_radical(self, state: box.State, now: box.Conditions, rate: box._Rates, no: Array, o3: Array) -> None:
        organics = 1.5e-11 * MOLECULES_PER_PPB * 0.05 * state.voc[7:11].sum(axis=0)
        loss = rate.no3_no * no + 0.17 * now.cloud * (now.cos_zenith > 0) + rate.n2o5 * state.no2 + 2e-3 + organics
        state.no3 = rate.no2_o3 * state.no2 * o3 / loss

    def _fast(self, state: box.State, rate: box._Rates, no: Array, o3: Array) -> list[Array]:
        slow, factor = state.slow, self._factor
        k_voc = box._K_OH * factor.oh_voc * state.voc
        handed = np.minimum(factor.peroxy, 1.0)
        hcho, ald, glyoxal = slow["hcho"], slow["ald"], slow["dicarbonyl"]
        carbonyl = (K_OH_ALD * ald + K_OH_DICARBONYL * glyoxal) * MOLECULES_PER_PPB
        peroxy = (k_voc * box._RADICAL).sum(axis=0) * handed + carbonyl + METHANE_S1
        hydro = rate.oh_co * slow["co"] + K_OH_HCHO * MOLECULES_PER_PPB * hcho + rate.oh_so2 * slow["so2"]
        at_once = (k_voc * box._HANDED).sum(axis=0) * handed
        alkene = (box._K_O3 * state.voc).sum(axis=0) * o3
        light = rate.j["ald"] * ald + rate.j["dicarbonyl"] * glyoxal
        made_oh = 2 * rate.j["o1d"] * rate.water * o3 + rate.j["hono"] * slow["hono"] + 0.4 * alkene
        loss_oh = k_voc.sum(axis=0) + carbonyl + METHANE_S1 + hydro + at_once
        loss_oh = loss_oh + rate.oh_no2 * state.no2 + rate.oh_no * no + 0.05
        to_no = rate.ro2_no * no * state.ro2
        branch = 1.0 - box.ORGANIC_NITRATE * factor.organic_nitrate
        crossed = rate.ro2_ho2 * state.ro2 * state.ho2
        back = rate.ho2_no * no * state.ho2
        oh = made_oh + back - loss_oh * state.oh
        ho2 = 2 * rate.j["hcho_r"] * hcho + light + 0.2 * alkene + (hydro + at_once) * state.oh + branch * to_no
        ho2 = ho2 - back - crossed - 2 * rate.ho2_ho2 * state.ho2**2 - 1e-4 * state.ho2
        ro2 = light + 0.3 * alkene + 2e-4 * state.no3 + peroxy * state.oh - to_no - crossed - 1e-4 * state.ro2
        oxidised = rate.no_o3 * no * o3 + back + to_no - rate.j["no2"] * state.no2
        return [oh, ho2, ro2, oxidised]


@pytest.mark.parametrize("seed", [1002, 1006])
def test_ozone_of_a_day_is_that_of_a_stiff_solver(seed: int) -> None:
    drawn = draw_province(seed, days=1)
    inputs = province._Inputs([drawn], np.array([0]), province._scales((), 1))
    factor = box.Constants(**{name: np.array([drawn.constants[name]]) for name in box.Constants.__slots__})
    state = province._start([drawn], np.array([0]))
    for step in range(STEPS_PER_DAY):
        box.advance(state, inputs.conditions(step), factor)
    stiff = Stiff(state, factor)
    values, found, expected = stiff.pack(), [], []
    for first in range(STEPS_PER_DAY, 2 * STEPS_PER_DAY, HOLD):
        now = inputs.conditions(first + HOLD - 1)
        rate = box._rates(now, factor)
        for _ in range(HOLD):
            box.advance(state, now, factor)
        solved = solve_ivp(
            lambda _, y, now=now, rate=rate: stiff.tendency(y, now, rate),
            (0.0, HOLD * STEP_S), values, method="BDF", rtol=1e-4, atol=1e-8,
        )  # fmt: skip
        assert solved.success
        values = solved.y[:, -1]
        exact = stiff.unpack(values)
        expected.append((exact.slow["ox"] - exact.no2, exact.oh, exact.slow["hno3"]))
        found.append((state.slow["ox"] - state.no2, state.oh, state.slow["hno3"]))
    o3, oh, nitrate = np.moveaxis(np.array(found)[:, :, 0], 1, 0)
    o3_exact, oh_exact, nitrate_exact = np.moveaxis(np.array(expected)[:, :, 0], 1, 0)
    assert o3.max() == pytest.approx(o3_exact.max(), rel=0.01)
    assert float(np.abs(o3 - o3_exact).max()) < 1.0
    assert oh.max() == pytest.approx(oh_exact.max(), rel=0.03)
    assert nitrate.mean() == pytest.approx(nitrate_exact.mean(), rel=0.01)
