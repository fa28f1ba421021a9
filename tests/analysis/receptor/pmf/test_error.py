"""Number of factors, reproducibility and bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.pmf import PmfInputError, bootstrap, compare_factor_counts, fit, reproduced, scaled_residuals
from analysis.receptor.pmf.match import correlations, match_profiles
from tests.analysis.receptor.pmf.mixture import PROFILES, mixture


def test_factors_are_matched_whatever_their_order_and_scale() -> None:
    rows, cosine = match_profiles(3 * PROFILES[[2, 0, 1]], PROFILES)
    assert rows.tolist() == [1, 2, 0]
    assert cosine == pytest.approx(1.0)


def test_a_sample_that_is_taken_no_time_does_not_count_in_a_correlation() -> None:
    found, base = np.array([[1.0, 2.0, 3.0, 99.0]]), np.array([[2.0, 4.0, 6.0, -5.0]])
    assert correlations(found, base, np.array([1.0, 2.0, 1.0, 0.0])) == pytest.approx(1.0)


def test_residuals_of_the_right_number_of_factors_have_unit_variance() -> None:
    conc, unc, _ = mixture(11)
    conc.iloc[3, 2] = np.nan
    residual = scaled_residuals(fit(conc, unc, 3, starts=3), conc, unc)
    assert np.isnan(residual.iloc[3, 2])
    assert 0.5 < np.nanstd(residual.to_numpy()) < 1.0


def test_too_few_factors_show_in_the_ratio_and_in_is() -> None:
    conc, unc, _ = mixture(12)
    table = compare_factor_counts(conc, unc, [2, 3], starts=3)
    assert table.ratio[2] > 5 * table.ratio[3]
    assert table["is"][2] > 2 * table["is"][3]
    assert table.starts.tolist() == [3, 3]


def test_every_start_of_a_clear_mixture_ends_alike() -> None:
    conc, unc, _ = mixture(13)
    assert reproduced(fit(conc, unc, 3, starts=5)) >= 0.8


def test_the_bootstrap_maps_every_factor_of_a_clear_mixture_to_itself() -> None:
    conc, unc, _ = mixture(14)
    base = fit(conc, unc, 3, starts=3)
    found = bootstrap(base, conc, unc, block="D", runs=20)
    assert np.diag(found.mapped.iloc[:, 1:]).tolist() == [20, 20, 20]
    assert found.blocks == 80
    inside = (found.low <= base.profiles + 1e-9) & (base.profiles <= found.high + 1e-9)
    assert inside.to_numpy().mean() > 0.8


def test_samples_of_one_day_are_drawn_together() -> None:
    conc, unc, _ = mixture(15)
    hourly = pd.date_range("2026-01-01", periods=len(conc), freq="h", tz="UTC")
    conc, unc = conc.set_axis(hourly), unc.set_axis(hourly)
    base = fit(conc, unc, 2, starts=1)
    with pytest.raises(PmfInputError, match="4 blocks of D: at least 10 are needed"):
        bootstrap(base, conc, unc, block="D")
    assert bootstrap(base, conc, unc, block=5, runs=20).blocks == 16


@pytest.mark.parametrize(
    ("block", "runs", "words"),
    [
        ("D", 19, "19 runs: at least 20"),
        ("M", 20, "blocks of M: D or W"),
        (0, 20, "blocks of 0 samples"),
        ("W", 20, "8 blocks of W|9 blocks of W"),
    ],
)
def test_a_bootstrap_that_cannot_be_is_refused(block: str | int, runs: int, words: str) -> None:
    conc, unc, _ = mixture(16, samples=50)
    base = fit(conc, unc, 2, starts=1)
    with pytest.raises(PmfInputError, match=words):
        bootstrap(base, conc, unc, block=block, runs=runs)


def test_a_bootstrap_by_day_needs_times() -> None:
    conc, unc, _ = mixture(16, samples=50)
    arrays = conc.to_numpy(), unc.to_numpy()
    with pytest.raises(PmfInputError, match="with times as the index"):
        bootstrap(fit(*arrays, 2, starts=1), *arrays)
