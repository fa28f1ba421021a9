"""The pages about quality control name everything that exists, and nothing that does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from qc.calibration.check import CALIBRATION_TESTS
from qc.detector.flagging import ANOMALY_TESTS
from qc.gate.suite import describe
from qc.hourly.space.table import SPACE_TESTS
from qc.hourly.table import HOURLY_TESTS
from qc.hourly.table import TESTS as HOURLY_TABLE
from qc.native.table import TESTS as NATIVE_TESTS
from qc.verdict.evidence import EVIDENCE
from schemas.flag import Flag
from schemas.message import NetworkCode
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Collection

DOCS = Path(__file__).resolve().parents[2] / "docs"


_FLAGS = {
    "dose_rise": {Flag.PASS, Flag.SUSPECT},
    "learnt_anomaly": {Flag.SUSPECT, Flag.UNKNOWN},
    "calibration": {Flag.FAIL},
}
"""Tests outside the tables that give other flags than SUSPECT."""


def _flags_of(name: str) -> Collection[Flag]:
    known = NATIVE_TESTS.get(name) or HOURLY_TABLE.get(name)
    return _FLAGS.get(name, {Flag.SUSPECT}) if known is None else known.flags


def test_every_test_is_described() -> None:
    headings = re.findall(r"^### `(\w+)`", (DOCS / "qc-tests.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [*NATIVE_TESTS, *CALIBRATION_TESTS, *HOURLY_TESTS, *ANOMALY_TESTS, *SPACE_TESTS]
    names = {
        key.removeprefix("qc.").removesuffix(".name")
        for key in words("en").catalogue
        if re.fullmatch(r"qc\.\w+\.name", key)
    }
    assert names == {*headings, "review"}


def test_every_test_states_its_flags() -> None:
    sections = re.split(r"^### ", (DOCS / "qc-tests.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        name = section.split("`")[1]
        stated = set(
            re.findall(r"PASS|SUSPECT|FAIL|MISSING|UNKNOWN", re.search(r"^Flags: (.*)$", section, re.MULTILINE)[1])
        )
        assert {flag.name for flag in _flags_of(name)} <= stated, name
        assert "Source:" in section, name
        assert "Defaults:" in section, name


def test_every_piece_of_evidence_is_described() -> None:
    page = (DOCS / "qc-tests.md").read_text(encoding="utf-8").partition("## Fault or event")[2]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(EVIDENCE)


def test_every_expectation_is_described() -> None:
    page = (DOCS / "gate.md").read_text(encoding="utf-8")
    for network in NetworkCode:
        for item in describe(network):
            name = "<parameter>." + item.id.split(".")[1] if "." in item.id else item.id
            assert f"`{name}`" in page, name
