from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.pmf import PmfInputError, fit, refit
from schemas.words.message import render
from tests.analysis.receptor.pmf.mixture import PROFILES, SPECIES, mixture

Frames = tuple[pd.DataFrame, pd.DataFrame]


def halves(seed: int, later: np.ndarray = PROFILES) -> tuple[Frames, Frames]:
    """Samples of the profiles, and newer ones of other profiles."""
    rng = np.random.Generator(np.random.PCG64(seed))
    frames = []
    for profiles in (PROFILES, later):
        true = rng.lognormal(0.0, 1.0, (80, 3)) * (rng.random((80, 3)) < 0.8)
        clean = true @ profiles
        spread = 0.05 * clean + 0.05
        conc = pd.DataFrame(clean + spread * rng.standard_normal(clean.shape), columns=list(SPECIES))
        frames.append((conc, pd.DataFrame(spread, columns=list(SPECIES))))
    return frames[0], frames[1]


@pytest.mark.parametrize("seed", range(70, 90))
def test_sources_that_stay_the_same_raise_no_alarm(seed: int) -> None:
    old, new = halves(seed)
    last = fit(*old, 3, starts=3)
    found = refit(last, *new)
    assert found.drifted == ()
    assert found.reasons == ()
    assert found.cosine.min() > 0.97
    assert found.lowest is None


@pytest.mark.parametrize("seed", range(90, 100))
def test_a_source_that_changes_is_the_one_that_has_drifted(seed: int) -> None:
    changed = PROFILES.copy()
    changed[0] = [0.3, 2.0, 0.2, 3.0, 1.0, 3.5, 0.0, 0.0]
    old, new = halves(seed, changed)
    last = fit(*old, 3, starts=3)
    found = refit(last, *new, starts=3)
    one = int(last.profiles["pb"].idxmax())
    assert one in found.drifted
    assert found.cosine.idxmin() == one
    assert found.lowest is not None
    reason = next(reason for reason in found.reasons if reason.figures["factor"] == one)
    assert f"In 80 samples factor {one} has drifted" in render(reason, "en")
    assert "漂移" in render(reason, "zh")


def test_the_minimum_is_that_of_a_search_from_random_starts() -> None:
    old, new = halves(70)
    found = refit(fit(*old, 3, starts=3), *new, starts=5)
    assert found.lowest == pytest.approx(found.result.q_robust, rel=1e-4)


def test_a_solution_that_is_only_a_side_minimum_is_reported() -> None:
    (conc, unc), _ = halves(71)
    last = fit(conc, unc, 3, starts=3)
    stuck = last.profiles.copy()
    stuck.loc[1] = stuck.loc[2] = stuck.loc[3] = stuck.mean()
    found = refit(replace(last, profiles=stuck), conc, unc, starts=5)
    assert [reason.kind for reason in found.reasons][-1] == "lower_elsewhere"


def test_missing_values_and_empty_rows_are_allowed_in_newer_samples() -> None:
    old, (conc, unc) = halves(72)
    conc.iloc[3] = np.nan
    conc.iloc[5, 2] = -999.0
    found = refit(fit(*old, 3, starts=3), conc, unc)
    assert found.result.contributions.iloc[3].isna().all()
    assert found.drifted == ()


def test_a_refit_that_cannot_be_is_refused() -> None:
    conc, unc, _ = mixture(73)
    last = fit(conc, unc, 3, starts=1)
    for changed, words in (
        (lambda frame: frame.drop(columns="zn"), "species zn of the last solution is not in the samples"),
        (lambda frame: frame.assign(cu=frame.zn), "species cu is not in the last solution"),
        (lambda frame: frame[frame.columns[::-1]], "in the order of the last solution: pb, zn"),
        (lambda frame: frame[:3], "too few for 3 factors"),
    ):
        with pytest.raises(PmfInputError, match=words):
            refit(last, changed(conc), changed(unc))
    with pytest.raises(PmfInputError, match="least cosine 2: 0 to 1"):
        refit(last, conc, unc, least_cosine=2)
