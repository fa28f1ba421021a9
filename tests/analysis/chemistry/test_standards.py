"""Constants of the registry and of the SOA table against the shared table of 117 species."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from analysis.chemistry.assumption import soa_potentials
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from pathlib import Path

OTHER_RATE = {"1_2_dichlorotetrafluoroethane": 4.001e-16, "carbon_disulfide": 1.17e-13}
"""Rate constants where the table's own column is not plausible (2.1e-10 for CFC-114) or zero: the registry has that of OPERA."""
MERGED = {"(m+p mean 75.8)": 75.8}


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data.parent / "standards" / "voc_species.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there; set SKYGROUND_SHARED_DATA")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def number(cell: str) -> float | None:
    return MERGED[cell] if cell in MERGED else float(cell) if cell else None


def test_all_117_species_have_the_constants_of_the_table(rows: list[dict[str, str]]) -> None:
    registry = {item.cas: item for item in load_parameters().values() if item.cas and "voc" in item.networks}
    wrong = []
    for row in rows:
        item = registry[row["cas"]]
        assert item.molar_mass_g_mol == pytest.approx(float(row["mw_g_mol"]), abs=0.02)
        assert item.carbon_number == int(row["carbon_number"])
        rate = OTHER_RATE.get(item.parameter, number(row["koh_cm3_molec_s"]))
        if (item.mir_g_g, item.koh_cm3_s) != (number(row["mir_gO3_per_gVOC"]), rate):
            wrong.append(item.parameter)
    assert len(rows) == 117
    assert wrong == []


def test_all_117_species_have_the_aerosol_constants_of_the_table(rows: list[dict[str, str]]) -> None:
    names = {item.cas: item.parameter for item in load_parameters().values() if item.cas and "voc" in item.networks}
    table = soa_potentials()
    for row in rows:
        item = table[names[row["cas"]]]
        assert item.soap == number(row["soap_derwent2010_toluene100"]), item.parameter
        assert item.soa_yield == number(row["soa_yield_wu2017"]), item.parameter
    assert len(table) == 118  # and the merged peak of m- and p-xylene
