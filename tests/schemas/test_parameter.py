"""The registry: complete, sourced, and read strictly."""

from __future__ import annotations

import csv
import re
import sys
from typing import TYPE_CHECKING

import pytest

from schemas.parameter import (
    COLUMNS,
    NETWORK_CODES,
    REGISTRY_PATH,
    AveragingMethod,
    ParameterGroup,
    RegistryError,
    UnknownNetworkError,
    UnknownParameterError,
    load_parameters,
    parameter,
    parameters_of,
    read_registry,
)

if TYPE_CHECKING:
    from pathlib import Path


def words(text: str) -> list[str]:
    return text.split()


VOC_GROUPS = {"alkane", "alkene", "alkyne", "aromatic", "halocarbon", "ovoc", "voc_other"}
PAMS_57 = words("""
    ethane ethylene propane propylene isobutane n_butane acetylene trans_2_butene 1_butene cis_2_butene cyclopentane
    isopentane n_pentane trans_2_pentene 1_pentene cis_2_pentene 2_2_dimethylbutane 2_3_dimethylbutane 2_methylpentane
    3_methylpentane isoprene 1_hexene n_hexane methylcyclopentane 2_4_dimethylpentane benzene cyclohexane 2_methylhexane
    2_3_dimethylpentane 3_methylhexane 2_2_4_trimethylpentane n_heptane methylcyclohexane 2_3_4_trimethylpentane toluene
    2_methylheptane 3_methylheptane n_octane ethylbenzene m_xylene p_xylene styrene o_xylene n_nonane isopropylbenzene
    n_propylbenzene m_ethyltoluene p_ethyltoluene 1_3_5_trimethylbenzene o_ethyltoluene 1_2_4_trimethylbenzene n_decane
    1_2_3_trimethylbenzene m_diethylbenzene p_diethylbenzene n_undecane n_dodecane
""")
TO_15_47 = words("""
    dichlorodifluoromethane chloromethane 1_2_dichlorotetrafluoroethane vinyl_chloride 1_3_butadiene bromomethane
    chloroethane trichlorofluoromethane 1_1_dichloroethylene 1_1_2_trichloro_1_2_2_trifluoroethane isopropanol
    carbon_disulfide dichloromethane trans_1_2_dichloroethylene methyl_tert_butyl_ether 1_1_dichloroethane vinyl_acetate
    cis_1_2_dichloroethylene ethyl_acetate trichloromethane tetrahydrofuran 1_1_1_trichloroethane 1_2_dichloroethane
    tetrachloromethane trichloroethylene 1_2_dichloropropane methyl_methacrylate 1_4_dioxane bromodichloromethane
    cis_1_3_dichloropropene 4_methyl_2_pentanone trans_1_3_dichloropropene 1_1_2_trichloroethane 2_hexanone
    dibromochloromethane 1_2_dibromoethane tetrachloroethylene chlorobenzene tribromomethane 1_1_2_2_tetrachloroethane
    1_3_dichlorobenzene 1_4_dichlorobenzene benzyl_chloride 1_2_dichlorobenzene 1_2_4_trichlorobenzene
    hexachloro_1_3_butadiene naphthalene
""")
CARBONYL_13 = words("""
    formaldehyde acetaldehyde acrolein acetone propionaldehyde crotonaldehyde methacrolein 2_butanone n_butyraldehyde
    benzaldehyde valeraldehyde m_tolualdehyde hexanal
""")
VOC_117 = PAMS_57 + TO_15_47 + CARBONYL_13
WITHOUT_MIR = {
    "dichlorodifluoromethane", "1_2_dichlorotetrafluoroethane", "trichlorofluoromethane",
    "1_1_2_trichloro_1_2_2_trifluoroethane", "bromodichloromethane", "dibromochloromethane", "tribromomethane",
    "1_1_2_2_tetrachloroethane", "1_3_dichlorobenzene", "benzyl_chloride", "1_2_4_trichlorobenzene",
    "hexachloro_1_3_butadiene", "m_tolualdehyde",
}  # fmt: skip


def has_valid_check_digit(cas: str) -> bool:
    *digits, check = (int(digit) for digit in cas.replace("-", ""))
    return sum(weight * digit for weight, digit in enumerate(reversed(digits), start=1)) % 10 == check


def test_the_list_of_voc_species_has_57_and_47_and_13_members() -> None:
    assert (len(PAMS_57), len(TO_15_47), len(CARBONYL_13), len(set(VOC_117))) == (57, 47, 13, 117)


def test_every_voc_species_has_its_constants() -> None:
    for code in VOC_117:
        species = parameter(code)
        assert species.group in VOC_GROUPS, code
        assert "voc" in species.networks, code
        assert species.unit == "ug/m3", code
        assert species.cas is not None, code
        assert has_valid_check_digit(species.cas), code
        assert species.molar_mass_g_mol is not None, code
        assert species.carbon_number is not None, code
        assert species.koh_cm3_s is not None, code


def test_mir_is_missing_exactly_where_no_value_is_published() -> None:
    assert {code for code in VOC_117 if parameter(code).mir_g_g is None} == WITHOUT_MIR


def test_carbon_number_agrees_with_the_formula() -> None:
    for code in VOC_117:
        species = parameter(code)
        carbon = re.match(r"C(?![a-z])(\d*)", species.formula or "")
        assert carbon, code
        assert species.carbon_number == int(carbon[1] or 1), code


@pytest.mark.parametrize(
    ("code", "mir_g_g", "koh_cm3_s", "molar_mass_g_mol"),
    [
        ("ethylene", 9.0, 8.52e-12, 28.054),
        ("isoprene", 10.61, 1e-10, 68.119),
        ("toluene", 4.0, 5.63e-12, 92.141),
        ("m_xylene", 9.75, 2.31e-11, 106.168),
        ("m_p_xylene", 7.80, 1.87e-11, 106.168),
        ("benzaldehyde", -0.67, 1.2e-11, 106.124),
        ("formaldehyde", 9.46, 9.37e-12, 30.026),
    ],
)
def test_reactivities_are_those_published(code: str, mir_g_g: float, koh_cm3_s: float, molar_mass_g_mol: float) -> None:
    species = parameter(code)
    assert (species.mir_g_g, species.koh_cm3_s, species.molar_mass_g_mol) == (mir_g_g, koh_cm3_s, molar_mass_g_mol)


def test_no_fully_halogenated_species_reacts_with_oh() -> None:
    # AOPWIN gives 2.122e-10 for CFC-114, faster than isoprene: a wrong figure that would dominate OH reactivity.
    koh = parameter("1_2_dichlorotetrafluoroethane").koh_cm3_s
    assert koh is not None
    assert koh < 1e-14


@pytest.mark.parametrize(
    ("code", "charge", "equivalent_mass_g_eq"),
    [
        ("sulfate", -2, 48.03), ("nitrate", -1, 62.0), ("chloride", -1, 35.45), ("ammonium", 1, 18.04),
        ("sodium_ion", 1, 22.99), ("potassium_ion", 1, 39.1), ("magnesium_ion", 2, 12.153), ("calcium_ion", 2, 20.039),
        ("fluoride", -1, 18.998), ("nitrite", -1, 46.01), ("bromide", -1, 79.904), ("phosphate", -3, 31.657),
        ("lithium_ion", 1, 6.94), ("methanesulfonate", -1, 95.09), ("oxalate", -2, 44.01),
    ],
)  # fmt: skip
def test_ions_have_charge_and_equivalent_mass(code: str, charge: int, equivalent_mass_g_eq: float) -> None:
    ion = parameter(code)
    assert (ion.charge, ion.equivalent_mass_g_eq) == (charge, equivalent_mass_g_eq)
    assert ion.molar_mass_g_mol == pytest.approx(equivalent_mass_g_eq * abs(charge), abs=0.002)


def test_every_parameter_is_sane() -> None:
    for item in load_parameters().values():
        assert re.fullmatch(r"[a-z0-9_]{1,64}", item.parameter)
        assert "__" not in item.parameter
        assert item.parameter.strip("_") == item.parameter
        assert item.unit == item.allowed_units[0], item.parameter
        assert 0 <= item.decimals <= 6, item.parameter
        if item.range_min is not None and item.range_max is not None:
            assert item.range_min < item.range_max, item.parameter


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("pm10", 9985.0), ("pm25", 1500.0), ("o3", 1200.0), ("so2", 2620.0), ("no2", 3840.0), ("co", 150.0),
        ("rain", 201.9), ("gamma_dose_rate", 1e6), ("gamma_dose_rate", 13.5), ("ch4", 100_000.0), ("n2o", 325.0),
        ("co2_flux", -65.6), ("turbidity", 4000.0), ("soil_moisture", 0.9),
    ],
)  # fmt: skip
def test_a_real_episode_is_inside_the_physical_range(code: str, value: float) -> None:
    item = parameter(code)
    assert item.range_min is not None
    assert item.range_max is not None
    assert item.range_min < value < item.range_max


def test_noise_around_zero_of_a_concentration_is_inside_the_physical_range() -> None:
    concentrations = [item for item in load_parameters().values() if item.unit in {"ug/m3", "mg/m3"}]
    assert all(item.range_min is not None and item.range_min < 0 for item in concentrations)


def test_hj212_codes_are_unique_and_state_their_evidence() -> None:
    coded = [item for item in load_parameters().values() if item.hj212_code]
    assert len({item.hj212_code for item in coded}) == len(coded)
    assert all(item.hj212_source for item in coded)
    assert {item.hj212_source.partition(":")[0] for item in coded if item.hj212_verified and item.hj212_source} == {
        "verified_primary"
    }


def test_a_figure_set_by_the_project_is_not_called_verified() -> None:
    own = [item for item in load_parameters().values() if "not verified" in (item.range_source or "")]
    assert own
    assert not any(item.range_verified for item in own)


@pytest.mark.parametrize(
    ("code", "networks"),
    [
        ("co", {"gas", "ghg"}), ("rain", {"met", "rad", "eco"}), ("pm25", {"gas", "pm"}), ("benzene", {"voc"}),
        ("wind_direction", {"met", "rad", "eco"}), ("temperature", {"met", "rad", "eco"}),
        ("trichlorofluoromethane", {"voc", "ghg"}),
    ],
)  # fmt: skip
def test_shared_parameters_are_in_all_their_networks(code: str, networks: set[str]) -> None:
    assert parameter(code).networks == networks


def test_every_network_and_every_group_has_parameters() -> None:
    assert all(parameters_of(network) for network in NETWORK_CODES)
    assert {item.group for item in load_parameters().values()} == set(ParameterGroup)


def test_only_rain_is_summed_and_only_wind_direction_is_a_vector() -> None:
    by_method = {
        method: [item.parameter for item in load_parameters().values() if item.averaging == method]
        for method in AveragingMethod
    }
    assert by_method[AveragingMethod.SUM] == ["rain"]
    assert by_method[AveragingMethod.VECTOR] == ["wind_direction"]


def test_unknown_codes_are_named() -> None:
    with pytest.raises(UnknownParameterError, match="'pm2_5'"):
        parameter("pm2_5")
    with pytest.raises(UnknownNetworkError, match="'water'"):
        parameters_of("water")


def test_the_registry_is_read_only() -> None:
    with pytest.raises(TypeError):
        load_parameters()["so2"] = parameter("no2")  # type: ignore[index]


def test_importing_the_registry_stays_light() -> None:
    import subprocess  # here: the rest of this module starts no program (tests/conftest.py)

    code = "import sys, schemas.units; sys.exit(bool({'pandas', 'numpy', 'pydantic'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REGISTRY_PATH.parent.parent, check=False).returncode == 0


def registry_with(tmp_path: Path, code: str, **cells: str) -> Path:
    """Copy of the registry in which some cells of one row are replaced."""
    with REGISTRY_PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["parameter"] == code:
            row.update(cells)
    path = tmp_path / "parameters.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("column", "cell", "named", "expected"),
    [
        ("parameter", "SO2", "parameter", "pattern"),
        ("parameter", "so2__flag", "parameter", "pattern"),
        ("parameter", "a" * 65, "parameter", "at most 64"),
        ("parameter", "no", "parameter", "used once"),
        ("name_zh", "", "name_zh", "text"),
        ("name_en", " Sulfur dioxide", "name_en", "surrounding blanks"),
        ("group", "gases", "group", "one of gas, pm_mass"),
        ("networks", "gas water", "networks", "words of"),
        ("networks", "gas  met", "networks", "one blank between"),
        ("unit", "", "unit", "text"),
        ("allowed_units", "ppb ug/m3", "allowed_units", "canonical unit 'ug/m3' first"),
        ("allowed_units", "ug/m3 ppb ppb", "allowed_units", "different words"),
        ("decimals", "", "decimals", "whole number"),
        ("decimals", "1.5", "decimals", "whole number"),
        ("decimals", "-1", "decimals", "whole number"),
        ("averaging", "median", "averaging", "one of mean"),
        ("range_min", "nan", "range_min", "a number"),
        ("range_min", "1_0", "range_min", "a number"),
        ("range_max", "-60", "range_max", "more than range_min"),
        ("range_source", "", "range_source", "range_min and range_max comes from"),
        ("range_verified", "", "range_verified", "true or false"),
        ("range_verified", "no", "range_verified", "true or false"),
        ("cas", "7446-095", "cas", "pattern"),
        ("molar_mass_g_mol", "0", "molar_mass_g_mol", "above zero"),
        ("molar_mass_source", "", "molar_mass_source", "molar_mass_g_mol comes from"),
        ("carbon_number", "0", "carbon_number", "at least 1"),
        ("mir_g_g", "1.0", "mir_source", "mir_g_g comes from"),
        ("koh_cm3_s", "fast", "koh_cm3_s", "a number"),
        ("equivalent_mass_g_eq", "-1", "equivalent_mass_g_eq", "above zero"),
        ("hj212_code", "21026", "hj212_code", "pattern"),
        ("hj212_code", "", "hj212_verified", "as the figure is empty"),
        ("hj212_code", "a21004", "hj212_code", "used once"),
    ],
)
def test_a_wrong_cell_is_named_with_its_place(
    tmp_path: Path, column: str, cell: str, named: str, expected: str
) -> None:
    with pytest.raises(RegistryError) as caught:
        read_registry(registry_with(tmp_path, "so2", **{column: cell}))
    message = str(caught.value)
    assert re.match(rf"parameters\.csv, line \d+, column {named}: ", message)
    assert expected in message


def test_an_empty_cell_means_not_known(tmp_path: Path) -> None:
    registry = read_registry(
        registry_with(tmp_path, "benzene", mir_g_g="", range_min="", range_max="", range_verified="")
    )
    benzene = registry["benzene"]
    assert (benzene.mir_g_g, benzene.range_min, benzene.range_verified) == (None, None, None)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text("parameter,name_zh\nso2,x\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="line 1: the columns are parameter, name_zh, expected parameter, name_zh,"):
        read_registry(path)


def test_a_short_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(",".join(COLUMNS) + "\nso2,x\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="line 2: 2 cells, expected 29"):
        read_registry(path)
