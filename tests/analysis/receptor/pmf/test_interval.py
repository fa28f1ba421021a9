"""Intervals that join resamples and displacements."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.pmf import Bootstrap, Displacement, PmfResult, bootstrap, displace, fit, intervals
from analysis.receptor.pmf.interval import GROWTH, growth_of, join_errors
from tests.analysis.receptor.pmf.mixture import PROFILES, mixture


@pytest.fixture(scope="module")
def computed() -> tuple[PmfResult, Bootstrap, Displacement]:
    conc, unc, _ = mixture(31)
    base = fit(conc, unc, 3, starts=3)
    return base, bootstrap(base, conc, unc, runs=20), displace(base, conc, unc, levels=(GROWTH,))


@pytest.fixture
def parts(computed: tuple[PmfResult, Bootstrap, Displacement]) -> tuple[PmfResult, Bootstrap, Displacement]:
    """Of a test's own, which may change them."""
    return copy.deepcopy(computed)


def test_an_interval_holds_the_resamples_and_the_displacements(
    parts: tuple[PmfResult, Bootstrap, Displacement],
) -> None:
    base, spread, moved = parts
    found = join_errors(base, spread, moved)
    for name in ("", "percent_"):
        low, high = getattr(found, f"{name}low"), getattr(found, f"{name}high")
        for part in (spread, moved):
            assert (low.to_numpy() <= getattr(part, f"{name}low").to_numpy() + 1e-9).all()
            assert (high.to_numpy() >= getattr(part, f"{name}high").to_numpy() - 1e-9).all()
    assert (found.percent_low >= 0).all(axis=None)
    assert (found.percent_high <= 100).all(axis=None)
    assert (found.runs, found.blocks, found.growth, found.lost, found.swapped) == (20, 80, GROWTH, (), ())


def test_the_interval_of_an_absent_species_reaches_zero() -> None:
    conc, unc, _ = mixture(32)
    base = fit(conc, unc, 3, starts=3)
    order = np.argsort(-PROFILES.sum(axis=1))
    found = intervals(base, conc, unc, runs=20)
    assert (found.low.to_numpy()[PROFILES[order] == 0] == 0).all()


def test_a_factor_that_is_lost_or_swapped_has_no_interval(parts: tuple[PmfResult, Bootstrap, Displacement]) -> None:
    base, spread, moved = parts
    spread.low.loc[1] = np.nan
    moved.swaps.loc[GROWTH, 3] = 1
    found = join_errors(base, spread, moved)
    assert (found.lost, found.swapped) == ((1,), (3,))
    for frame in (found.low, found.high, found.percent_low, found.percent_high):
        assert frame.isna().all(axis=1).tolist() == [True, False, True]


def test_both_distances_are_joined_by_the_root_of_their_squares(
    parts: tuple[PmfResult, Bootstrap, Displacement],
) -> None:
    base, spread, moved = parts
    for part, way in ((spread, 3.0), (moved, 4.0)):
        part.high.iloc[:] = base.profiles.to_numpy() + way
        part.low.iloc[:] = base.profiles.to_numpy()
    found = join_errors(base, spread, moved)
    pd.testing.assert_frame_equal(found.high, base.profiles + 5.0)
    pd.testing.assert_frame_equal(found.low, base.profiles)


def test_the_growth_follows_an_objective_above_its_expected_value() -> None:
    conc, unc, _ = mixture(35)
    base = fit(conc, unc, 2, starts=1)
    assert growth_of(replace(base, q_robust=base.q_expected / 2)) == GROWTH
    assert growth_of(replace(base, q_robust=3 * base.q_expected)) == pytest.approx(3 * GROWTH)
