"""The stored suites. Reads only."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from qc.gate.expectation import Expectation, Suite
from qc.gate.suite import DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path


@cache
def read_suite(name: str, directory: Path = DIRECTORY) -> Suite:
    """The stored suite of a network or product, read once a process.

    Raises
    ------
    msgspec.ValidationError
        Where the file is not one of ours.
    FileNotFoundError
        Where there is none of that name.
    """
    stored = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    flat = [{**item, **item["meta"]} for item in stored["expectations"]]
    return Suite(
        name=stored["name"],
        version=msgspec.convert(stored["meta"]["version"], str),
        expectations=msgspec.convert(flat, tuple[Expectation, ...]),
    )
