from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.receptor.pmf import PmfInputError, fit
from analysis.receptor.pmf.descent import PmfProblem, Stop, descend
from analysis.receptor.pmf.search import random_starts
from analysis.receptor.pmf.sweep import Limits
from tests.analysis.receptor.pmf.mixture import PROFILES, mixture


def correlations(found: pd.DataFrame, true: np.ndarray) -> list[float]:
    """Highest correlation of each true source with a factor."""
    table = np.corrcoef(found.to_numpy().T, true.T)[: found.shape[1], found.shape[1] :]
    return [float(column.max()) for column in table.T]


@pytest.mark.parametrize("robust", [True, False])
def test_the_sources_of_a_mixture_are_found(*, robust: bool) -> None:
    conc, unc, true = mixture(1)
    found = fit(conc, unc, 3, starts=4, robust=robust)
    assert min(correlations(found.contributions, true)) > 0.97
    assert found.q_true / found.q_expected == pytest.approx(1.0, abs=0.25)
    assert found.starts.converged.all()


def test_the_same_seed_gives_the_same_result() -> None:
    conc, unc, _ = mixture(2, samples=40)
    first, second = (fit(conc, unc, 2, starts=2, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.profiles, second.profiles, check_exact=True)


def test_contributions_have_mean_one_and_stay_above_the_bound() -> None:
    conc, unc, _ = mixture(3, floor=1.0)
    found = fit(conc, unc, 3, starts=2).contributions
    assert found.mean().to_numpy() == pytest.approx(1.0)
    assert found.to_numpy().min() == pytest.approx(-0.2)


def test_without_negative_contributions_the_objective_is_higher() -> None:
    conc, unc, _ = mixture(3)
    free, bound = (fit(conc, unc, 3, starts=2, least_contribution=low) for low in (-0.2, 0.0))
    assert bound.contributions.to_numpy().min() >= 0.0
    assert bound.q_robust > free.q_robust


def test_an_outlier_moves_a_robust_profile_less() -> None:
    conc, unc, _ = mixture(4)
    conc.loc[conc.index[10], "zn"] += 10.0
    robust, plain = (fit(conc, unc, 3, starts=4, robust=mode) for mode in (True, False))
    away = [abs(found.profiles.zn.sum() - PROFILES[:, 1].sum()) for found in (robust, plain)]
    assert away[0] < away[1] / 5
    assert robust.q_robust < plain.q_robust
    assert robust.q_true > plain.q_true


def test_a_residual_beyond_four_counts_four_times_itself() -> None:
    conc, unc, _ = mixture(4)
    conc.iloc[10, 0] += 400.0
    found = fit(conc, unc, 3, starts=2)
    residual = np.abs((conc.to_numpy() - found.contributions.to_numpy() @ found.profiles.to_numpy()) / unc.to_numpy())
    assert found.q_robust == pytest.approx(np.where(residual > 4, 4 * residual, residual**2).sum())
    assert found.q_true == pytest.approx((residual**2).sum())


def test_missing_values_have_no_weight_and_a_row_without_values_no_contributions() -> None:
    conc, unc, true = mixture(5)
    rng = np.random.Generator(np.random.PCG64(5))
    gone = rng.random(conc.shape) < 0.1
    holed = conc.mask(gone, -999.0)
    holed.iloc[7] = np.nan
    found = fit(holed, unc.mask(gone, -999.0), 3, starts=4)
    assert found.contributions.iloc[7].isna().all()
    assert found.sample_count == len(conc) - 1
    keep = np.arange(len(conc)) != 7
    assert min(correlations(found.contributions[keep], true[keep])) > 0.97


def test_the_content_of_a_missing_cell_is_irrelevant() -> None:
    conc, unc, _ = mixture(6, samples=40)
    other = unc.copy()
    conc.iloc[3, 2] = np.nan
    other.iloc[3, 2] = 1e9
    first, second = (fit(conc, spread, 2, starts=2) for spread in (unc, other))
    assert first.q_robust == second.q_robust


def test_progress_is_reported() -> None:
    conc, unc, _ = mixture(7, samples=40)
    seen: list[tuple[int, int, float]] = []
    found = fit(conc, unc, 2, starts=3, progress=lambda *figures: seen.append(figures))
    assert seen[0][:2] == (3, 3)
    assert seen[-1][0] == len(found.starts)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), robust=st.booleans(), low=st.sampled_from([0.0, -0.2, -0.5]))
def test_more_steps_never_end_higher(seed: int, low: float, *, robust: bool) -> None:
    conc, unc, _ = mixture(seed, samples=20)
    problem = PmfProblem(x=conc.to_numpy(), weight=1 / unc.to_numpy() ** 2, robust=robust, contributions=Limits(low))
    start = random_starts(problem, 2, 3, np.random.Generator(np.random.PCG64(seed)))
    ends = [descend(problem, start, Stop(0.0, steps)).objective for steps in (10, 11, 12, 40)]
    assert (np.diff(np.minimum.accumulate(ends, axis=0), axis=0) <= 0).all()
    assert (ends[-1] <= ends[0] * (1 + 1e-9)).all()


def cell(frame: pd.DataFrame, value: object) -> pd.DataFrame:
    """The frame with one cell replaced."""
    changed = frame.astype(object)
    changed.iloc[4, 1] = value
    return changed


Change = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
BROKEN: dict[str, Change] = {
    "few": lambda conc, unc: (conc[:2], unc[:2]),
    "constant": lambda conc, unc: (conc.assign(zn=1.0), unc),
    "zero": lambda conc, unc: (conc, cell(unc, 0.0)),
    "no uncertainty": lambda conc, unc: (conc, cell(unc, np.nan)),
    "infinite": lambda conc, unc: (cell(conc, np.inf), unc),
    "huge": lambda conc, unc: (cell(conc, 1e300), unc),
    "huge uncertainty": lambda conc, unc: (conc, cell(unc, 1e200)),
    "tiny uncertainty": lambda conc, unc: (conc, cell(unc, 1e-300)),
    "empty species": lambda conc, unc: (conc.assign(zn=np.nan), unc),
    "all missing": lambda conc, unc: (conc * 0 - 999.0, unc),
    "shape": lambda conc, unc: (conc, unc[:20]),
    "names": lambda conc, unc: (conc, unc.rename(columns={"zn": "cu"})),
    "twice": lambda conc, unc: (conc.rename(columns={"zn": "pb"}), unc.rename(columns={"zn": "pb"})),
    "times": lambda conc, unc: (conc, unc.set_axis(unc.index + pd.Timedelta(1, "h"))),
    "text": lambda conc, unc: (cell(conc, "x"), unc),
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("few", "16 values in 2 samples and 8 species are too few for 2 factors: more than 20 are needed"),
        ("constant", "zn is the same in all 40 samples"),
        ("zero", "without an uncertainty above zero at sample 2026-01-05 00:00:00\\+00:00, species zn"),
        ("no uncertainty", "without an uncertainty above zero at sample 2026-01-05"),
        ("infinite", "an infinite concentration at sample 2026-01-05"),
        ("huge", r"a concentration beyond 1e\+50 at sample 2026-01-05"),
        ("huge uncertainty", r"an uncertainty that is not from 1e-50 to 1e\+50 at sample 2026-01-05"),
        ("tiny uncertainty", r"an uncertainty that is not from 1e-50 to 1e\+50 at sample 2026-01-05"),
        ("empty species", "zn has no value: leave the species out"),
        ("all missing", "no concentration in any of the 40 samples"),
        ("shape", "concentrations are 40 samples x 8 species, uncertainties 20 x 8"),
        ("names", "species differ: zn in the concentrations, cu in the uncertainties"),
        ("twice", "species pb is given twice"),
        ("times", "different times, first at sample 2026-01-01"),
        ("text", "concentrations must be numbers"),
    ],
)
def test_samples_that_cannot_be_factorised_are_refused_with_the_place(name: str, words: str) -> None:
    conc, unc, _ = mixture(8, samples=40)
    with pytest.raises(PmfInputError, match=words):
        fit(*BROKEN[name](conc, unc), 2)


@pytest.mark.parametrize(("factors", "words"), [(8, "8 factors of 8 species: fewer"), (0, "0 factors: at least 1")])
def test_a_number_of_factors_that_cannot_be_is_refused(factors: int, words: str) -> None:
    conc, unc, _ = mixture(8, samples=40)
    with pytest.raises(PmfInputError, match=words):
        fit(conc, unc, factors)


@pytest.mark.parametrize(
    ("argument", "value"), [("starts", 0), ("seed", -1), ("least_contribution", 0.1), ("least_contribution", -1)]
)
def test_an_argument_out_of_range_is_refused(argument: str, value: float) -> None:
    conc, unc, _ = mixture(8, samples=40)
    with pytest.raises(PmfInputError, match=argument.split("_", maxsplit=1)[0]):
        fit(conc, unc, 2, **{argument: value})  # type: ignore[arg-type]
