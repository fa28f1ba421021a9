"""The simulated provinces: the implicit steps against a finer step, conservation, and answers that chemistry demands."""

from __future__ import annotations

import numpy as np
import pytest

from bench.cocontrol import box, province
from bench.cocontrol.mechanism import GROUPS
from bench.cocontrol.province import draw_province, simulate

pytestmark = pytest.mark.slow


def test_the_same_seed_gives_the_same_province_and_another_seed_another() -> None:
    first, again, other = draw_province(7, days=2), draw_province(7, days=2), draw_province(8, days=2)
    assert first.flux == again.flux
    assert first.flux != other.flux


def test_a_third_pass_of_a_step_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [draw_province(seed, days=1) for seed in range(3)]
    usual = simulate(drawn, ()).hours["o3"]
    monkeypatch.setattr(box, "ITERATIONS", 6)
    converged = simulate(drawn, ()).hours["o3"]
    assert float(np.abs(usual - converged).max()) < 0.5


def test_the_cut_of_a_precursor_lowers_its_own_level_by_about_a_fifth() -> None:
    run = simulate([draw_province(3, days=3)])
    for group, level in (("nox", "no2"), ("so2", "so2"), ("nh3", "nh3"), ("co", "co")):
        base, cut = (run.hours[level][:, 0, number].mean() for number in (0, 1 + GROUPS.index(group)))
        assert 0.0 < (base - cut) / base < 0.5, group


def test_sulfur_is_kept_where_nothing_leaves_the_box() -> None:
    drawn = draw_province(5, days=1)
    inputs = province._Inputs([drawn], np.array([0]), province._scales((), 1))
    now = inputs.conditions(144)
    closed = box.Conditions(
        temperature_k=now.temperature_k, humidity_pct=now.humidity_pct, cos_zenith=now.cos_zenith, cloud=now.cloud,
        height_m=np.array([1e9]), entrainment_s1=np.zeros(1), detrainment_s1=np.zeros(1), ventilation_s1=np.zeros(1),
        flux={}, voc_flux=0.0 * now.voc_flux, outside=now.outside, voc_outside=now.voc_outside,
    )  # fmt: skip
    state = province._start([drawn], np.array([0]))
    factor = box.Constants(**{name: np.ones(1) for name in box.Constants.__slots__})
    before = state.slow["so2"] + state.slow["sulfate"]
    for _ in range(50):
        box.advance(state, closed, factor)
    assert state.slow["sulfate"] > 0.6
    assert float((state.slow["so2"] + state.slow["sulfate"] - before)[0]) == pytest.approx(0.0, abs=1e-4)
