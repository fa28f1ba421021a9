from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from sensors.simulator.labelled import source_mixture


@pytest.mark.parametrize("network", ["voc", "pm"])
def test_a_mixture_is_the_sum_of_its_sources_within_its_uncertainty(network: Literal["voc", "pm"]) -> None:
    mixture = source_mixture(21, network)
    assert len(mixture.contributions.columns) >= 3
    assert np.allclose(mixture.profiles.sum(axis=1), 1.0)
    share = mixture.contributions.sum(axis=1).mean() / mixture.conc.sum(axis=1).mean()
    assert 0.4 < share < 1.2
    assert 0.005 < mixture.conc.isna().to_numpy().mean() < 0.02
    assert (mixture.unc.to_numpy()[mixture.conc.notna().to_numpy()] > 0).all()


def test_profiles_differ_by_seed_and_the_same_seed_gives_the_same_samples() -> None:
    first, second, other = (source_mixture(seed, "pm") for seed in (21, 21, 22))
    pd.testing.assert_frame_equal(first.conc, second.conc)
    both = sorted(set(first.profiles.index) & set(other.profiles.index))
    assert not np.allclose(first.profiles.loc[both], other.profiles.loc[both], rtol=0.05)


@pytest.mark.parametrize("network", ["voc", "pm"])
def test_known_profiles_find_every_source_of_a_mixture(network: Literal["voc", "pm"]) -> None:
    mixture = source_mixture(21, network)
    profiles = mixture.profiles.to_numpy()
    if mixture.factors > len(profiles):
        profiles = np.vstack([profiles, mixture.conc.quantile(0.02).to_numpy()])
    found = np.array([
        nnls((profiles / unc).T[np.isfinite(conc)], (conc / unc)[np.isfinite(conc)])[0]
        for conc, unc in zip(mixture.conc.to_numpy(), mixture.unc.to_numpy(), strict=True)
    ])  # fmt: skip
    for position, source in enumerate(mixture.contributions.columns):
        assert np.corrcoef(mixture.contributions[source], found[:, position])[0, 1] ** 2 > 0.95, source
