"""Range of a value.

`v < fail_min` or `v > fail_max` is FAIL; `v < suspect_min` or `v > suspect_max` is SUSPECT; the bounds pass. An absent fail bound is the
physical range of `schemas/parameters.csv`.

Source: QARTOD gross range test, as in `ioos_qc.qartod.gross_range_test`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit
from qc.native.argument import InvalidInputError
from qc.native.native_test import NativeTest
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.native.argument import Flags, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class GrossRangeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gross_range"):
    """Spans; an absent fail bound is the physical range of the parameter registry, an absent suspect bound is none."""

    suspect_min: float | None = None
    suspect_max: float | None = None
    fail_min: float | None = None
    fail_max: float | None = None

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        bounds = [self.fail_min, self.suspect_min, self.suspect_max, self.fail_max]
        given = [bound for bound in bounds if bound is not None]
        if not given or given != sorted(given) or len(set(given)) < len(given):
            return "expected fail_min < suspect_min < suspect_max < fail_max, at least one of them"
        return None


def gross_range_test(
    values: Values, fail_span: tuple[float, float], suspect_span: tuple[float, float] | None = None
) -> Flags:
    """FAIL outside ``fail_span``, SUSPECT outside ``suspect_span``; the bounds themselves pass.

    Parameters
    ----------
    fail_span, suspect_span : (low, high)
        Unit of the values; may be infinite.

    Raises
    ------
    InvalidInputError
        If a span is upside down or the suspect span is not within the fail span.

    Examples
    --------
    >>> gross_range_test(np.array([-1.0, 5.0, 80.0, np.nan]), (0.0, 100.0), (0.0, 50.0)).tolist()
    [4, 1, 3, 9]
    """
    _check_spans(fail_span, suspect_span)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if suspect_span is not None:
        flags[(values < suspect_span[0]) | (values > suspect_span[1])] = Flag.SUSPECT
    flags[(values < fail_span[0]) | (values > fail_span[1])] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _check_spans(fail_span: tuple[float, float], suspect_span: tuple[float, float] | None) -> None:
    for name, span in (("fail_span", fail_span), ("suspect_span", suspect_span)):
        if span is not None and not span[0] < span[1]:
            msg = f"{name}: {span}, expected low < high"
            raise InvalidInputError(msg)
    if suspect_span is not None and (suspect_span[0] < fail_span[0] or suspect_span[1] > fail_span[1]):
        msg = f"suspect_span: {suspect_span} must lie within fail_span {fail_span}"
        raise InvalidInputError(msg)


@cache
def physical_limit(code: str) -> GrossRangeLimit | None:
    """Limit of a parameter without a packaged one: the physical range of the registry; None where that is open."""
    known = parameter(code)
    if known.range_min is None and known.range_max is None:
        return None
    return GrossRangeLimit(unit=known.unit, source=known.range_source or "", verified=False)


def _spans(code: str, limit: GrossRangeLimit) -> tuple[tuple[float, float], tuple[float, float]]:
    """Fail span and suspect span of a parameter."""
    known = parameter(code)
    low = _first(limit.fail_min, known.range_min, -np.inf)
    high = _first(limit.fail_max, known.range_max, np.inf)
    return (low, high), (max(_first(limit.suspect_min, low), low), min(_first(limit.suspect_max, high), high))


def _first(*bounds: float | None) -> float:
    """First bound that is stated."""
    return next(bound for bound in bounds if bound is not None)


def _run(series: NativeSeries, limit: GrossRangeLimit) -> Flags:
    return gross_range_test(series.numbers, *_spans(series.code, limit))


def _explain(series: NativeSeries, limit: GrossRangeLimit, at: int) -> Explanation:
    value, (fail, suspect) = float(series.numbers[at]), _spans(series.code, limit)
    kind = "plausible" if fail[0] <= value <= fail[1] else "physical"
    low, high = suspect if kind == "plausible" else fail
    return kind, {**series.measured(at), "low": low, "high": high}


TEST = NativeTest(
    limit=GrossRangeLimit,
    run=_run,
    explain=_explain,
    messages={"physical": ("value", "unit", "low", "high"), "plausible": ("value", "unit", "low", "high")},
    flags=frozenset({Flag.FAIL, Flag.SUSPECT}),
    as_written=True,
)
