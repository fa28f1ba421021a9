"""An expectation, and a suite of them as Great Expectations reads it. Pure."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


BETWEEN = "expect_column_values_to_be_between"


MEDIAN = "expect_column_median_to_be_between"


SUITE_VERSION = 2
"""Increase it with each change of a suite; the digest in the files shows a change without an increase."""


class ExpectationSeverity(StrEnum):
    """What a failing expectation does; Great Expectations' own words."""

    CRITICAL = "critical"
    WARNING = "warning"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation.

    Attributes
    ----------
    id : str
        Unique in its suite.
    type : str
        Great Expectations' name.
    kwargs : dict
    severity : ExpectationSeverity
    columns : tuple of str
        Columns it needs; where one has no value at all, there is nothing to judge and it is skipped.
    en, zh : str
        What is wrong when it fails, without figures.
    """

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: ExpectationSeverity
    columns: tuple[str, ...]
    en: str
    zh: str


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A suite as it was read.

    Attributes
    ----------
    name : str
        Of a network or a product.
    version : str
        Number and digest of the content, kept with every verdict.
    expectations : tuple of Expectation
    """

    name: str
    version: str
    expectations: tuple[Expectation, ...]


def to_json(name: str, expectations: Sequence[Expectation], units: Mapping[str, str]) -> str:
    """A suite as Great Expectations reads it; deterministic.

    Parameters
    ----------
    name : str
        Of a network or a product.
    expectations : sequence of Expectation
    units : mapping of str to str
        Unit of each column that has one.
    """
    listed = [
        {
            "type": item.type,
            "kwargs": item.kwargs,
            "severity": item.severity.value,
            "meta": {"id": item.id, "columns": list(item.columns), "en": item.en, "zh": item.zh},
        }
        for item in expectations
    ]
    digest = hashlib.sha256(json.dumps([listed, dict(units)], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    meta = {"version": f"{SUITE_VERSION}-{digest[:8]}", "units": dict(units)}
    return json.dumps({"name": name, "expectations": listed, "meta": meta}, ensure_ascii=False, indent=1) + "\n"
