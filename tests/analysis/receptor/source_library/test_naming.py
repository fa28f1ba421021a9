"""Names of factors."""

from __future__ import annotations

from analysis.receptor.source_library import load_library, name_factor
from analysis.receptor.source_library.naming import Unnamed


def _factor(profile: str, names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Profile in ug m-3 over the species, 0 with an error where the variant lacks one."""
    found = next(item for item in load_library().profile if item.id == profile)
    mass = {name: part.mass[name] for part in found.part for name in part.mass}
    inside = [mass[name] for name in names if name in mass]
    return {name: (mass.get(name, 0.0), max(0.1 * mass.get(name, 0.0), 1e-3 * max(inside))) for name in names}


VOC = (
    "ethane", "ethylene", "propane", "propylene", "isobutane", "n_butane", "acetylene", "isopentane", "n_pentane", "n_hexane",
    "benzene", "toluene", "ethylbenzene", "m_p_xylene", "o_xylene", "ethyl_acetate", "isoprene", "trans_2_butene", "cis_2_butene",
)  # fmt: skip


def test_factors_like_their_profiles_get_their_names() -> None:
    assert name_factor(_factor("fuel_vapour", VOC)).kind == "fuel_evaporation"
    assert name_factor(_factor("solvent_coating", VOC)).kind == "solvent"


def test_missing_species_do_not_count_against_a_kind() -> None:
    assert name_factor(_factor("solvent_coating", VOC[10:16])).kind in {"solvent", None}


def test_a_profile_of_no_kind_is_unnamed() -> None:
    odd = {
        "isoprene": 1.0,
        "acetylene": 3.0,
        "ethyl_acetate": 2.0,
        "cis_2_butene": 4.0,
        "propane": 0.01,
        "benzene": 0.02,
    }
    naming = name_factor({name: (value, 0.1 * value) for name, value in odd.items()})
    assert naming.kind is None
    assert naming.why is not None


def test_few_species_name_nothing() -> None:
    assert name_factor({"toluene": (1.0, 0.1), "benzene": (0.0, 0.1)}).why in {Unnamed.FEW_SPECIES, Unnamed.UNLISTED}
