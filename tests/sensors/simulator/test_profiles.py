from __future__ import annotations

import pytest

from schemas.parameter import load_parameters
from sensors.simulator.profiles import element_parameters, load_profiles, voc_parameters

COMPONENTS = ("sulfate", "nitrate", "ammonium", "chloride", "oc", "ec", "sodium_ion", "calcium_ion", "silicon", "iron")


def test_every_line_is_a_parameter_of_the_registry_but_the_coarse_mass() -> None:
    assert set(load_profiles().parameters) - set(load_parameters()) == {"coarse"}


@pytest.mark.parametrize("source", load_profiles().sources)
def test_a_source_consists_of_no_more_than_itself(source: str) -> None:
    profiles = load_profiles()
    row = profiles.matrix[profiles.row(source)]
    assert (row >= 0).all()
    assert sum(row[profiles.column(name)] for name in COMPONENTS) <= 1.001


def test_a_gc_reports_the_57_pams_species_with_m_and_p_xylene_as_one_peak() -> None:
    names = voc_parameters()
    assert len(names) >= 56
    assert "m_p_xylene" in names
    assert not {"m_xylene", "p_xylene"} & set(names)
    assert {"benzene", "toluene", "isoprene", "formaldehyde", "acetylene", "n_dodecane"} <= set(names)


def test_tracers_distinguish_the_sources() -> None:
    profiles = load_profiles()
    tracer = {
        "biomass": "levoglucosan",
        "sea_salt": "sodium_ion",
        "dust": "silicon",
        "biogenic": "isoprene",
        "coal": "arsenic",
    }
    for source, name in tracer.items():
        assert profiles.matrix[:, profiles.column(name)].argmax() == profiles.row(source)
    assert "vanadium" in element_parameters()
