from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.receptor.pmf import PmfInputError, PmfResult, displace, displace_resamples, fit
from tests.analysis.receptor.pmf.mixture import PROFILES, mixture

if TYPE_CHECKING:
    import pandas as pd


def test_ranges_hold_the_base_and_grow_with_the_level() -> None:
    conc, unc, _ = mixture(21)
    base = fit(conc, unc, 3, starts=3)
    found = displace(base, conc, unc, species=["pb", "so4"], levels=(4.0, 25.0))
    chosen = base.profiles[["pb", "so4"]]
    assert (found.low.loc[4.0] <= chosen + 1e-9).all(axis=None)
    assert (found.high.loc[4.0] > chosen).all(axis=None)
    assert (found.low.loc[25.0] <= found.low.loc[4.0]).all(axis=None)
    assert (found.high.loc[25.0] > found.high.loc[4.0]).all(axis=None)
    assert found.swaps.to_numpy().sum() == 0
    assert found.lowest > -0.5
    assert found.displaced == 6


def test_the_width_of_a_solution_without_rotations_follows_the_square_root_of_the_level() -> None:
    conc, unc, _ = mixture(22)
    base = fit(conc, unc, 3, starts=3, robust=False, least_contribution=0.0)
    found = displace(base, conc, unc, species=["fe"], levels=(4.0, 16.0))
    up = (found.high.loc[16.0] - base.profiles[["fe"]]) / (found.high.loc[4.0] - base.profiles[["fe"]])
    assert up.loc[2, "fe"] == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("way", ["low", "high"])
def test_an_independent_minimiser_finds_the_growth_of_the_level_at_each_end(way: str) -> None:
    conc, unc, _ = mixture(22, samples=40)
    base = fit(conc, unc, 3, starts=3)
    ends = getattr(displace(base, conc, unc, species=["zn"], levels=(4.0,)), way).loc[4.0, "zn"]
    free = least_objective(base, conc, unc, None)
    for factor, value in ends.items():
        growth = least_objective(base, conc, unc, (int(factor) - 1, 1, value)) - free
        assert growth <= 4.01
        assert value == 0.0 or growth > 3.0


def least_objective(
    base: PmfResult, conc: pd.DataFrame, unc: pd.DataFrame, held: tuple[int, int, float] | None
) -> float:
    """Huber's objective with one profile element held, by L-BFGS-B; contributions are ``1.2 h / mean(h) - 0.2`` with h >= 0."""
    x, s, n, k = conc.to_numpy(), unc.to_numpy(), len(conc), base.factors

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        h, f = z[: n * k].reshape(n, k), z[n * k :].reshape(k, -1).copy()
        if held is not None:
            f[held[:2]] = held[2]
        mean = h.mean(axis=0)
        g = 1.2 * h / mean - 0.2
        r = (x - g @ f) / s
        pull = -2 * np.clip(r, -4, 4) / s
        to_f, to_g = g.T @ pull, 1.2 * pull @ f.T
        if held is not None:
            to_f[held[:2]] = 0.0
        to_h = to_g / mean - (to_g * h).sum(axis=0) / mean**2 / n
        return float(np.where(np.abs(r) > 4, 8 * np.abs(r) - 16, r**2).sum()), np.concatenate(
            [to_h.ravel(), to_f.ravel()]
        )

    start = np.concatenate([((base.contributions.to_numpy() + 0.2) / 1.2).ravel(), base.profiles.to_numpy().ravel()])
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-13, "gtol": 1e-6, "maxcor": 30}
    bounds = [(0.0, None)] * start.size
    return float(minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).fun)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"species": ["cu"]}, "cu is no species"),
        ({"species": []}, "no species to displace"),
        ({"levels": (8.0, 4.0)}, "ascending"),
        ({"levels": (0.0, 4.0)}, "ascending"),
    ],
)
def test_a_displacement_that_cannot_be_is_refused(arguments: dict[str, object], words: str) -> None:
    conc, unc, _ = mixture(22, samples=40)
    base = fit(conc, unc, 2, starts=1)
    with pytest.raises(PmfInputError, match=words):
        displace(base, conc, unc, **arguments)  # type: ignore[arg-type]


def test_the_range_of_resamples_is_wider_than_that_of_the_samples() -> None:
    conc, unc, _ = mixture(23)
    base = fit(conc, unc, 3, starts=3)
    alone = displace(base, conc, unc, species=["fe"], levels=(4.0,))
    found = displace_resamples(base, conc, unc, species=["fe"], runs=20, levels=(0.5, 4.0))
    assert found.accepted.min() + found.fallen + found.unmapped >= 20
    assert found.accepted[4.0] >= 15
    assert found.blocks == 80
    width = found.high - found.low
    assert (width.loc[4.0] > width.loc[0.5]).all(axis=None)
    assert width.loc[4.0].loc[2, "fe"] > (alone.high - alone.low).loc[4.0].loc[2, "fe"]


def test_two_sources_of_one_block_each_are_lost_by_most_resamples_and_get_no_range() -> None:
    rng = np.random.Generator(np.random.PCG64(24))
    conc, unc, true = mixture(24, samples=100)
    days = true.copy()
    days[:, 1:] = 0.0
    days[10:15, 1], days[40:45, 2] = 10.0, 10.0
    clean = days @ PROFILES
    conc.iloc[:] = clean + unc * rng.standard_normal(clean.shape)
    base = fit(conc, unc, 3, starts=3)
    found = displace_resamples(base, conc, unc, species=["fe"], block=5, runs=20, levels=(1.0,))
    assert found.unmapped > 8
    assert found.accepted[1.0] < 10
    assert found.low.isna().all(axis=None)
