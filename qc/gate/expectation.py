"""An expectation, and a suite of them as Great Expectations reads it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.gate import ExpectationSeverity
from schemas.reason import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

BETWEEN = "expect_column_values_to_be_between"
MEDIAN = "expect_column_median_to_be_between"
MEAN = "expect_column_mean_to_be_between"
MINIMUM = "expect_column_min_to_be_between"
Message = tuple[str, Mapping[str, Figure]]
"""Message of a failure, and its figures besides those of the result."""
SUITE_VERSION = 3
"""Increase it with each change of a suite; the digest in the files shows a change without an increase."""


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
        Columns it needs; it is skipped where one of them has no value at all.
    message : str
        Second part of the key ``gate.<message>.<kind>`` of a failure in the catalogues; empty: its failure is not reported.
    figures : mapping of str to number or str
        Arguments of the message besides those of the result.
    """

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: ExpectationSeverity
    columns: tuple[str, ...]
    message: str
    figures: Mapping[str, Figure] = {}


def column_set(names: Sequence[str], severity: ExpectationSeverity, message: str) -> Expectation:
    """The batch has all of these columns."""
    return Expectation(
        id="columns",
        type="expect_table_columns_to_match_set",
        kwargs={"column_set": list(names), "exact_match": False},
        severity=severity,
        columns=(),
        message=message,
    )


def has_rows(severity: ExpectationSeverity, message: str) -> Expectation:
    """The batch has a row."""
    return Expectation(
        id="has_rows",
        type="expect_table_row_count_to_be_between",
        kwargs={"min_value": 1},
        severity=severity,
        columns=(),
        message=message,
    )


def unique(name: str, columns: Sequence[str]) -> Expectation:
    """No two rows agree in all of these columns."""
    return Expectation(
        id=name,
        type="expect_compound_columns_to_be_unique",
        kwargs={"column_list": list(columns)},
        severity=ExpectationSeverity.CRITICAL,
        columns=tuple(columns),
        message=name,
    )


def of_column(
    name: str,
    column: str,
    severity: ExpectationSeverity,
    message: Message,
    bounds: Mapping[str, float | None],
    *,
    kind: str = BETWEEN,
) -> Expectation:
    """A column, or a statistic of it, is within bounds.

    Parameters
    ----------
    name : str
        Id of the expectation.
    column : str
    severity : ExpectationSeverity
    message : tuple of str and mapping
        Message of a failure and its figures; see `Expectation`.
    bounds : mapping of str to float or None
        ``min_value``, ``max_value``, and ``mostly``, the least share of rows within them [1].
    kind : str
        Great Expectations' name.
    """
    return Expectation(
        id=name,
        type=kind,
        kwargs={"column": column, **bounds},
        severity=severity,
        columns=(column,),
        message=message[0],
        figures=message[1],
    )


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A suite as it was read.

    Attributes
    ----------
    name : str
        Of a network or a product.
    version : str
        Number and digest of the content, stored with every result.
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
            "meta": {"id": item.id, "columns": list(item.columns), "message": item.message, **_stored_figures(item)},
        }
        for item in expectations
    ]
    digest = hashlib.sha256(json.dumps([listed, dict(units)], ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    meta = {"version": f"{SUITE_VERSION}-{digest[:8]}", "units": dict(units)}
    return json.dumps({"name": name, "expectations": listed, "meta": meta}, ensure_ascii=False, indent=1) + "\n"


def _stored_figures(item: Expectation) -> dict[str, Any]:
    return {"figures": dict(item.figures)} if item.figures else {}
