"""Outcome of a batch: which expectations can be evaluated, which bounds it breaks, and its failures. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qc.gate.batch import BASE_COLUMNS, BROKEN_LEVELS, BROKEN_LIMITS
from qc.gate.expectation import BETWEEN, MEDIAN, Expectation
from schemas.gate import GATE_SCOPE, ExpectationSeverity, GateOutcome
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from schemas.reason import Figure

SCREENS = frozenset({"limits", "levels"})
"""Ids of the expectations about the counts of `screen`."""
_EXAMPLES = 3
"""Values outside the bounds that a failure names."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation that failed.

    Attributes
    ----------
    reason : str
        Stored text of a `schemas.reason.Reason`.
    """

    id: str
    severity: ExpectationSeverity
    reason: str


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome for one batch.

    Critical ones are first in `failures`; `skipped` has the ids of expectations about columns without a value; `page` is the page
    of the Data Docs, below ``data_docs``, empty without one.
    """

    result: GateOutcome
    failures: tuple[Failure, ...]
    evaluated: int
    skipped: tuple[str, ...]
    suite_version: str
    page: str = ""


def choose(
    suite: Sequence[Expectation], batch: pd.DataFrame, expected: Sequence[str] | None
) -> tuple[list[Expectation], list[str]]:
    """Expectations that can be evaluated on a batch, and the ids of those that cannot.

    Parameters
    ----------
    suite : sequence of Expectation
    batch : DataFrame
    expected : sequence of str or None
        Configured parameters; others are not expected. None: every column that the suite names.

    Returns
    -------
    tuple
        The second part has the expectations about columns without any value.
    """
    chosen: list[Expectation] = []
    skipped: list[str] = []
    filled = set(batch.columns[batch.notna().any(axis=0).to_numpy()])
    asked = None if expected is None else {*BASE_COLUMNS, *expected}
    for one in suite:
        if one.id == "columns":
            names = [name for name in one.kwargs["column_set"] if asked is None or name in asked]
            chosen.append(msgspec.structs.replace(one, kwargs={**one.kwargs, "column_set": names}))
        elif filled.issuperset(one.columns):
            chosen.append(one)
        elif asked is None or set(one.columns) & {*batch.columns, *asked}:
            skipped.append(one.id)
    return chosen, skipped


def screen(batch: pd.DataFrame, suite: Sequence[Expectation]) -> tuple[pd.DataFrame, frozenset[str]]:
    """Compare all columns with their limits at once, and count what is broken.

    Great Expectations takes some milliseconds for each expectation, and a network of 118 species has two for each: the
    count is evaluated in their place, and a single limit only where it is broken. A property test and the benchmark compare
    the results of both ways.

    Parameters
    ----------
    batch : DataFrame
        Of `qc.gate.batch.make_batch`.
    suite : sequence of Expectation
        Those that can be evaluated on the batch (`choose`).

    Returns
    -------
    DataFrame
        The batch with ``broken_limits`` and ``broken_levels``, the same in every row.
    frozenset of str
        Ids of the limits that the batch breaks.
    """
    limits = [one for one in suite if one.type == BETWEEN and one.id not in SCREENS]
    levels = [one for one in suite if one.type == MEDIAN]
    broken: set[str] = set()
    if limits:
        values, low, high = _laid_out(batch, limits)
        there = ~np.isnan(values)
        kept = there & (values >= low) & (values <= high)
        share = kept.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        least = np.array([one.kwargs.get("mostly", 1.0) for one in limits])
        broken.update(one.id for one, bad in zip(limits, share < least, strict=True) if bad)
    hard = len(broken)
    if levels:
        values, low, high = _laid_out(batch, levels)
        medians = np.nanmedian(values, axis=0)
        odd = (medians < low) | (medians > high)
        broken.update(one.id for one, bad in zip(levels, odd, strict=True) if bad)
    counts = {BROKEN_LIMITS: hard, BROKEN_LEVELS: len(broken) - hard}
    return batch.assign(**counts), frozenset(broken)


def _laid_out(
    batch: pd.DataFrame, limits: Sequence[Expectation]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Values (rows x limits) and both bounds of each limit."""
    low, high = (
        np.array([otherwise if one.kwargs.get(name) is None else one.kwargs[name] for one in limits], dtype=np.float64)
        for name, otherwise in (("min_value", -np.inf), ("max_value", np.inf))
    )
    return batch[[one.columns[0] for one in limits]].to_numpy(dtype=np.float64), low, high


def to_evaluate(chosen: Sequence[Expectation], broken: frozenset[str]) -> list[Expectation]:
    """Those that Great Expectations must evaluate: all but single limits that the screen found unbroken."""
    return [one for one in chosen if one.type not in (BETWEEN, MEDIAN) or one.id in SCREENS or one.id in broken]


def conclude(failures: Sequence[Failure]) -> tuple[GateOutcome, tuple[Failure, ...]]:
    """The outcome, and the failures with the critical ones first."""
    ordered = tuple(sorted(failures, key=lambda item: item.severity is not ExpectationSeverity.CRITICAL))
    if any(item.severity is ExpectationSeverity.CRITICAL for item in ordered):
        return GateOutcome.HOLD, ordered
    return (GateOutcome.WARN if ordered else GateOutcome.PASS), ordered


def to_failure(one: Expectation, result: Mapping[str, Any]) -> Failure:
    """A failed expectation with the figures of its result (Great Expectations, ``SUMMARY``)."""
    kind, found = _figures(result)
    bounds = {
        figure: math.nan if one.kwargs[name] is None else one.kwargs[name]
        for name, figure in (("min_value", "low"), ("max_value", "high"))
        if name in one.kwargs
    }
    if "mostly" in one.kwargs:
        bounds["tolerated"] = 1 - one.kwargs["mostly"]
    reason = Reason(one.message, kind, {**one.figures, **bounds, **found}, GATE_SCOPE)
    return Failure(id=one.id, severity=one.severity, reason=encode_reason(reason))


def _figures(result: Mapping[str, Any]) -> tuple[str, dict[str, Figure]]:
    """Kind of the message, and its figures."""
    missing = (result.get("details") or {}).get("mismatched", {}).get("missing")
    if missing:
        return "missing", {"missing": ", ".join(missing)}
    if "unexpected_count" in result:
        return "rows", {
            "count": result["unexpected_count"],
            "share_pct": result.get("unexpected_percent") or 0.0,
            "examples": ", ".join(_example(value) for value in result.get("partial_unexpected_list", [])[:_EXAMPLES]),
        }
    observed = result.get("observed_value")
    return "value", {"value": math.nan if observed is None else observed}


def _example(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(map(str, value.values()))
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
