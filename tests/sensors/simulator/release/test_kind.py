from __future__ import annotations

import numpy as np
import pytest

from sensors.simulator.profiles import load_profiles
from sensors.simulator.release.kind import draw_kind, load_kinds, perturbed
from sensors.simulator.stream import generator

GREENHOUSE = {"co2", "ch4", "n2o", "ammonia"}


@pytest.mark.parametrize("name", load_kinds())
def test_every_species_of_a_kind_reaches_an_instrument(name: str) -> None:
    kind = load_kinds()[name]
    assert set(kind.emission) <= set(load_profiles().parameters) | GREENHOUSE
    assert kind.emission[kind.leading] == 1.0
    assert all(low <= high for low, high in (kind.rate_kg_h, kind.height_m, kind.buoyancy_m4_s3))


def test_one_release_in_ten_is_of_a_kind_that_is_not_listed() -> None:
    rng = generator(1, "kinds")
    unlisted = sum(not draw_kind(rng).listed for _ in range(2000)) / 2000
    assert 0.08 < unlisted < 0.12


def test_a_profile_departs_from_its_kind_by_a_lognormal_factor_and_keeps_its_leading_species() -> None:
    kind = load_kinds()["coal"]
    drawn = [perturbed(kind, generator(seed, "profile")) for seed in range(300)]
    logs = np.log([item["pm25"] / kind.emission["pm25"] for item in drawn])
    assert abs(logs.mean()) < 0.06
    assert 0.25 < logs.std() < 0.35
    assert {item["so2"] for item in drawn} == {1.0}


def test_an_unknown_kind_is_an_error_that_names_it() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        draw_kind(generator(1, "kinds"), ("nowhere",))
