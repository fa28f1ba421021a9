"""New hours split onto known factors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.split import SplitInputError, split

FACTORS, SPECIES = 5, 30


def _mixture(seed: int, samples: int, error: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Concentrations, uncertainties, profiles known within ``error``, and the true contributions."""
    rng = np.random.Generator(np.random.PCG64(seed))
    names = [f"s{number}" for number in range(SPECIES)]
    true = rng.lognormal(0, 1.5, (FACTORS, SPECIES))
    amount = rng.lognormal(-0.3, 0.8, (samples, FACTORS)) * (rng.random((samples, FACTORS)) < 0.8)
    clean = amount @ true
    unc = 0.06 * clean + 0.05 * np.median(true)
    conc = clean + unc * rng.standard_normal(clean.shape)
    known = pd.DataFrame(true * np.exp(error * rng.standard_normal(true.shape)), columns=names)
    return pd.DataFrame(conc, columns=names), pd.DataFrame(unc, columns=names), known, amount


def test_exact_profiles_return_the_contributions() -> None:
    conc, unc, known, amount = _mixture(1, 20, 0.0)
    found = split(conc, unc, known, errors=0.0)
    assert np.abs(found.contributions.to_numpy() - amount).mean() < 0.1
    assert 0.6 < float(found.chi2.mean()) < 1.4


def test_intervals_hold_the_truth_nine_times_in_ten() -> None:
    held = []
    for seed in range(2_000_000, 2_000_020):
        conc, unc, known, amount = _mixture(seed, 10, 0.2)
        found = split(conc, unc, known, errors=0.2)
        held.append((found.low.to_numpy() <= amount + 1e-9) & (amount <= found.high.to_numpy() + 1e-9))
    assert 0.85 <= float(np.mean(held)) <= 0.96


def test_contributions_lie_in_their_intervals_and_are_not_negative() -> None:
    conc, unc, known, _ = _mixture(3, 10, 0.2)
    found = split(conc, unc, known)
    low, value, high = (frame.to_numpy() for frame in (found.low, found.contributions, found.high))
    assert ((low >= 0) & (low <= value) & (value <= high)).all()


def test_missing_species_widen_intervals_and_too_few_give_none() -> None:
    conc, unc, known, _ = _mixture(4, 3, 0.1)
    conc.iloc[1, 10:] = np.nan
    conc.iloc[2, 5:] = -999.0
    found = split(conc, unc, known)
    assert found.species_used.tolist() == [30, 10, 5]
    assert found.contributions.isna().all(axis=1).tolist() == [False, False, True]
    assert np.isnan(found.unexplained.iloc[2])


def test_air_that_no_factor_has_is_reported_and_widens_intervals() -> None:
    conc, unc, known, _ = _mixture(5, 1, 0.1)
    plain = split(conc, unc, known)
    conc["s3"] = conc["s3"] + 0.5 * conc.sum(axis=1)
    odd = split(conc, unc, known)
    assert float(odd.chi2.iloc[0]) > 3 * float(plain.chi2.iloc[0])
    assert float(odd.unexplained.iloc[0]) > 0.2
    assert (odd.high - odd.low).mean().mean() > (plain.high - plain.low).mean().mean()


def test_species_without_a_profile_are_ignored_and_mass_is_contribution_times_profile() -> None:
    conc, unc, known, _ = _mixture(6, 2, 0.1)
    found = split(conc.assign(other=1.0), unc.assign(other=0.1), known)
    value, low, high = found.mass(known, "s1")
    assert value[0].tolist() == pytest.approx((found.contributions[0] * known["s1"][0]).tolist())
    assert (low <= high).all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda conc, unc, known: (conc[["s0", "s1"]], unc, known), "2 of the 30 species .* need at least 6"),
        (lambda conc, unc, known: (conc, unc.assign(s4=0.0), known), "s4 at 0: an uncertainty above 0"),
        (lambda conc, unc, known: (conc, unc.iloc[:1], known), "same times and species"),
        (lambda conc, unc, known: (conc, unc, known.assign(s4=-1.0)), "not negative"),
        (
            lambda conc, unc, known: (conc, unc, known.mul([1, 1, 0, 1, 1], axis=0)),
            "factor 2 has none of the measured species",
        ),
    ],
)
def test_what_cannot_be_split_says_what_is_needed(change: object, message: str) -> None:
    conc, unc, known, _ = _mixture(7, 2, 0.1)
    with pytest.raises(SplitInputError, match=message):
        split(*change(conc, unc, known))  # type: ignore[operator]


def test_errors_of_other_factors_are_refused() -> None:
    conc, unc, known, _ = _mixture(8, 2, 0.1)
    with pytest.raises(SplitInputError, match="same factors and species"):
        split(conc, unc, known, errors=known.iloc[:2])
