from __future__ import annotations

import pytest

from analysis.receptor.pmf import PmfInputError, PmfResult, Pull, constrain, fit
from tests.analysis.receptor.pmf.mixture import mixture

CONC, UNC, _ = mixture(31)


@pytest.fixture(scope="module")
def base() -> PmfResult:
    """The free solution."""
    return fit(CONC, UNC, 3, starts=3)


def test_an_element_is_pulled_to_zero_where_the_growth_allows(base: PmfResult) -> None:
    found = constrain(base, CONC, UNC, [Pull(factor=1, at="pb", low=0.0, high=0.0)], most_growth=1e9)
    assert found.share == 1.0
    assert found.result.profiles.loc[1, "pb"] == 0.0
    assert found.growth > 0.0
    assert found.result.contributions.mean().to_numpy() == pytest.approx(1.0)


def test_a_pull_ends_where_the_growth_reaches_its_limit(base: PmfResult) -> None:
    own = float(base.profiles.loc[1, "so4"])
    pull = Pull(factor=1, at="so4", low=2 * own + 5, high=2 * own + 5)
    found = constrain(base, CONC, UNC, [pull], most_growth=20.0)
    assert 0.0 <= found.share < 1.0
    assert found.growth <= 20.0


def test_a_contribution_is_pulled_into_its_bounds(base: PmfResult) -> None:
    time = base.contributions[2].idxmax()
    found = constrain(base, CONC, UNC, [Pull(factor=2, at=time, low=0.0, high=0.5)], most_growth=1e9)
    assert found.result.contributions.loc[time, 2] <= 0.5 + 1e-12


def test_bounds_that_hold_the_element_already_change_nothing(base: PmfResult) -> None:
    found = constrain(base, CONC, UNC, [Pull(factor=1, at="pb", low=0.0, high=99.0)], most_growth=0.01)
    assert found.share == 1.0
    assert found.growth == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        (Pull(factor=4, at="pb", low=0.0, high=0.0), "factor 4: 1 to 3 are there"),
        (Pull(factor=1, at="cu", low=0.0, high=0.0), "cu is neither a species nor a sample"),
        (Pull(factor=1, at="pb", low=-1.0, high=0.0), "factor 1, pb: bounds"),
        (Pull(factor=1, at="pb", low=2.0, high=1.0), "factor 1, pb: bounds"),
    ],
)
def test_a_pull_that_cannot_be_is_refused(pull: Pull, words: str, base: PmfResult) -> None:
    with pytest.raises(PmfInputError, match=words):
        constrain(base, CONC, UNC, [pull], most_growth=1.0)
