"""The pages about quality control name everything that exists, and nothing that does not."""

from __future__ import annotations

import re
from pathlib import Path

from qc.calibration.check import CALIBRATION_TESTS
from qc.detector.flagging import ANOMALY_TESTS
from qc.docs import renew
from qc.gate.suite import describe
from qc.hourly.space.table import SPACE_TESTS
from qc.hourly.table import HOURLY_TESTS
from qc.native.table import TESTS as NATIVE_TESTS
from qc.verdict.evidence import EVIDENCE
from schemas.flag import Flag
from schemas.message import NetworkCode

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_test_is_described() -> None:
    headings = re.findall(r"^### `(\w+)`", (DOCS / "qc-tests.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [*NATIVE_TESTS, *CALIBRATION_TESTS, *HOURLY_TESTS, *ANOMALY_TESTS, *SPACE_TESTS]


def test_every_test_states_its_flags() -> None:
    sections = re.split(r"^### ", (DOCS / "qc-tests.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        name = section.split("`")[1]
        stated = re.search(r"^Flags: (.*)\.$", section, re.MULTILINE)
        assert stated is not None, name
        assert set(stated[1].split(", ")) <= set(Flag.__members__), name
        assert "Source: " in section, name
        assert "Defaults:" in section, name


def test_the_generated_sections_are_those_of_the_code() -> None:
    page = (DOCS / "qc-tests.md").read_text(encoding="utf-8")
    assert renew(page) == page, "docs/qc-tests.md is older than the code: run `make docs`"


def test_every_piece_of_evidence_is_described() -> None:
    page = (DOCS / "qc-tests.md").read_text(encoding="utf-8").partition("## Fault or event")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(EVIDENCE)


def test_every_expectation_is_described() -> None:
    page = (DOCS / "gate.md").read_text(encoding="utf-8")
    for network in NetworkCode:
        for item in describe(network):
            name = "<parameter>." + item.id.split(".")[1] if "." in item.id else item.id
            assert f"`{name}`" in page, name
