from __future__ import annotations

from pathlib import Path

from sensors.datasets import DATASETS
from sensors.simulator.faults import FaultKind
from sensors.simulator.layout import kinds

DOCS = Path(__file__).parents[2] / "docs"


def test_every_data_set_has_a_line_and_a_section() -> None:
    text = (DOCS / "datasets.md").read_text(encoding="utf-8")
    for name, dataset in DATASETS.items():
        assert f"| `{name}` |" in text
        assert f"## {name}\n" in text
        assert dataset.sha256 is None or dataset.sha256 in text


def test_every_fault_event_and_instrument_of_the_simulator_is_described() -> None:
    text = (DOCS / "simulator.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in text for kind in FaultKind)
    assert all(f"| {event} |" in text for event in ("haze", "rain", "ozone", "plume"))
    assert all(f"`{kind}1`" in text for kind in kinds())
