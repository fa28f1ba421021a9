"""Excess of an event by kind of source."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.receptor.source_library import BACKGROUND, UNNAMED, apportion_excess, load_library
from analysis.receptor.source_library.mass import as_mass
from schemas.parameter import UnknownParameterError

SPREAD = 0.4


def _release(profile: str, amount: float, seed: int) -> dict[str, tuple[float, float]]:
    """Excess of all species of the library from one variant, perturbed, with errors of 10 % and a floor."""
    rng = np.random.Generator(np.random.PCG64(seed))
    library = load_library()
    found = next(item for item in library.profile if item.id == profile)
    emitted = {name: part.mass[name] * part.scale for part in found.part for name in part.mass}
    largest = max(emitted.values())
    excess = {}
    for name in library.species:
        value = amount * emitted.get(name, 0.0) * float(np.exp(SPREAD * rng.standard_normal()))
        error = float(np.hypot(0.1 * value, 1e-4 * amount * largest))
        measured = value + error * float(rng.standard_normal())
        per_canonical = as_mass({name: (1.0, 1.0)}).get(name)
        if per_canonical is not None:
            excess[name] = (measured / per_canonical[0], error / per_canonical[0])
    return excess


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ("heavy_oil_ship", "heavy_oil"),
        ("steel_works", "steel"),
        ("solvent_coating", "solvent"),
        ("biomass_crop_residue", "biomass"),
    ],
)
def test_a_perturbed_profile_is_recognised(profile: str, kind: str) -> None:
    found = apportion_excess(_release(profile, 50.0, 3))
    assert found.named == kind
    assert sum(item.probability for item in found.sources) == pytest.approx(1.0)


def test_an_excess_in_proportion_to_the_usual_air_is_accumulation() -> None:
    usual = {"so2": 8.0, "no2": 30.0, "no": 5.0, "co": 0.5, "pm25": 40.0, "pm10": 70.0, "toluene": 3.0, "benzene": 1.0}
    excess = {name: (value, 0.1 * value) for name, value in usual.items()}
    assert apportion_excess(excess, usual=usual).sources[0].kind == BACKGROUND
    assert apportion_excess(excess, usual=usual).named is None


def test_a_source_is_recognised_in_accumulated_air() -> None:
    usual = {
        "so2": 8.0,
        "no2": 30.0,
        "no": 5.0,
        "co": 0.5,
        "pm25": 40.0,
        "pm10": 70.0,
        "benzene": 1.0,
        "iron": 0.5,
        "zinc": 0.1,
    }
    excess = {name: (0.9 * value, 0.15 * value) for name, value in usual.items()}
    works = {"pm25": (90.0, 9.0), "pm10": (150.0, 15.0), "co": (2.5, 0.3), "iron": (20.0, 2.0), "zinc": (1.8, 0.2)}
    works |= {"manganese": (1.2, 0.1), "lead": (0.4, 0.05), "calcium": (5.0, 0.6), "chromium": (0.2, 0.03)}
    found = apportion_excess(excess | works, usual=usual)
    assert found.named == "steel"
    first = found.shares("pm25")[0]
    added = 90.0 / (90.0 + 0.9 * 40.0)
    assert first.kind == "steel"
    assert first.low <= added <= first.high


def test_a_source_that_lacks_minor_species_of_its_published_profile_is_still_the_most_probable() -> None:
    rock = {"calcium": 1.0, "silicon": 4.4, "aluminium": 1.5, "iron": 0.8, "calcium_ion": 0.6}
    mass = rock | {"pm25": 20.0, "pm10": 100.0}
    lacking = dict.fromkeys(("titanium", "strontium", "barium", "potassium"), (0.0, 0.001))
    found = apportion_excess({name: (value, 0.1 * value) for name, value in mass.items()} | lacking)
    assert found.sources[0].kind == "dust"


def test_without_any_seen_excess_nothing_is_named() -> None:
    found = apportion_excess({"so2": (1.0, 2.0), "no2": (-3.0, 2.0)})
    assert found.named is None
    assert [(item.kind, item.probability) for item in found.sources] == [(BACKGROUND, 1.0)]


def test_one_species_alone_names_no_kind() -> None:
    assert apportion_excess({"so2": (50.0, 2.0)}).named is None


def test_shares_sum_to_one_and_lie_in_their_intervals() -> None:
    shares = apportion_excess(_release("steel_works", 50.0, 4)).shares("iron")
    assert sum(item.value for item in shares) == pytest.approx(1.0)
    assert all(0 <= item.low <= item.high <= 1 for item in shares)
    assert shares[0].kind == "steel"


def test_a_parameter_that_was_not_compared_has_an_unknown_source() -> None:
    share = apportion_excess(_release("steel_works", 50.0, 4)).shares("temperature")[0]
    assert (share.kind, share.low, share.high) == (UNNAMED, 0.0, 1.0)


def test_nitrogen_oxides_are_compared_together() -> None:
    found = apportion_excess({"no": (30.0, 3.0), "no2": (40.0, 4.0), "co": (0.1, 0.02), "so2": (20.0, 2.0)})
    assert found.seen == ("co", "so2", "nox")
    assert found.shares("no2") == found.shares("no")


def test_an_unknown_parameter_is_an_error() -> None:
    with pytest.raises(UnknownParameterError):
        apportion_excess({"unobtainium": (1.0, 0.1)})
