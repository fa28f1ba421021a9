"""The adapters on the real files, where these are available."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.parameter import parameter
from sensors.datasets import DATASETS

CHECKOUT = Path(__file__).parents[3]
SHARED_DATA = Path(os.environ.get("SKYGROUND_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))

EXPECTED = {
    # folder, readings, values
    "beijing": ("beijing/PRSA_Data_Dongsi_20130301-20170228.csv.gz", 69_663, 413_168),
    "gamma_japan": ("gamma_japan", 20_748, 73_377),
    "svartberget": ("ghg", 15_640, 15_640),
    "hyltemossa": ("eco_flux/SE-Htm_2016.csv.gz", 51_035, 232_435),
    "mace_head": ("ghg", 2_037, 19_372),
    "st_louis": ("epa_pmf", 1_672, 5_434),
    "logan": ("logan_river/TonyGrove2014.csv.gz", 20_674, 124_016),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_real_files_are_read_whole_with_channels_times_and_numbers_in_order(name: str) -> None:
    folder, reading_count, value_count = EXPECTED[name]
    path = SHARED_DATA / folder
    if not path.exists():
        pytest.skip(f"data set {name} is not at {path}; set SKYGROUND_SHARED_DATA to the folder that holds it")
    channels = {(s.id, i.id): set(i.parameters) for s in DATASETS[name].stations for i in s.instruments}
    keys, seqs, values = set(), {}, 0
    for reading in DATASETS[name].read(path):
        key = (reading.station_id, reading.instrument_id)
        assert set(reading.values) | set(reading.status) <= channels[key]
        assert reading.seq == seqs.get(key, 0) + 1
        seqs[key] = reading.seq
        keys.add((*key, reading.interval.start))
        values += len(reading.values)
    assert len(keys) == sum(seqs.values()) == reading_count
    assert values == value_count


def test_real_values_lie_inside_the_physical_range() -> None:
    path = SHARED_DATA / "epa_pmf"
    if not path.exists():
        pytest.skip(f"data set st_louis is not at {path}; set SKYGROUND_SHARED_DATA to the folder that holds it")
    for reading in DATASETS["st_louis"].read(path):
        for code, value in reading.values.items():
            known = parameter(code)
            assert (known.range_min or 0) <= value <= (known.range_max or value)
