from __future__ import annotations

from pathlib import Path

import sensors.datasets
from sensors.datasets import DATASETS

NO_ADAPTERS = {"__init__", "table"}


def test_every_adapter_is_in_the_table_of_data_sets() -> None:
    used = {dataset.read.__module__.rpartition(".")[2] for dataset in DATASETS.values()}
    there = {path.stem for path in Path(sensors.datasets.__file__).parent.glob("*.py")}
    assert used == there - NO_ADAPTERS
