"""Range by civil month and hour of the day.

SUSPECT outside the span of the value's civil month and hour of the day (zone of the network); the bounds pass. A limit has twelve
entries for `low` and `high`, January first, or one for all months; an entry is one figure, or 24 for the hours.
`skyground qc thresholds derive` derives limits from the stored hours of a station: per month and hour (with the hours before and
after), from the median to each side five times as far as the 10 % and 90 % quantiles; it comments on months and hours without a limit.

Source: QARTOD climatology test, as in `ioos_qc.qartod.climatology_test`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit
from qc.native.argument import InvalidInputError
from qc.native.native_test import NativeTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.native.argument import Flags, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


MONTHS, HOURS = 12, 24


class ClimatologyLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="climatology"):
    """Plausible span by civil month and hour of the day: twelve entries, January first, or one for all months.

    An entry is one figure for all hours, or 24 of them; ``nan``: not evaluated.

    Attributes
    ----------
    low, high : tuple
        Empty: no bound on that side.
    """

    low: tuple[float | tuple[float, ...], ...] = ()
    high: tuple[float | tuple[float, ...], ...] = ()

    def rows(self, name: str) -> tuple[tuple[float, ...], ...]:
        """Twelve rows of ``low`` or ``high``, of one figure or of 24 each; empty: no bound."""
        given: tuple[float | tuple[float, ...], ...] = getattr(self, name)
        rows = tuple(row if isinstance(row, tuple) else (float(row),) for row in given)
        return rows * MONTHS if len(rows) == 1 else rows

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        low, high = self.rows("low"), self.rows("high")
        if not low and not high:
            return "expected low or high"
        for side, rows in (("low", low), ("high", high)):
            if rows and (len(rows) != MONTHS or any(len(row) not in {1, HOURS} for row in rows)):
                return f"{side}: expected {MONTHS} entries, or one, each of one figure or of {HOURS}"
        for month, (below, above) in enumerate(zip(low, high, strict=False), start=1):
            if any(low_ >= high_ for low_, high_ in zip(_by_hour(below), _by_hour(above), strict=True)):
                return f"expected low < high in month {month}"
        return None

    def not_finite(self) -> str | None:
        """None: ``nan`` is not evaluated and ``inf`` no bound."""
        return None


def _by_hour(row: tuple[float, ...]) -> tuple[float, ...]:
    return row * (HOURS // len(row))


@dataclass(frozen=True, slots=True)
class Spans:
    """Plausible spans.

    Attributes
    ----------
    low, high : array of float, (12, 24)
        By civil month and hour of the day, unit of the values; infinite: no bound; NaN: not evaluated.
    why_not : array of str, (12, 24), or None
        Of spans derived from a record: why a month and hour gives no limit, empty where it does.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    why_not: NDArray[np.object_] | None = None

    @classmethod
    def of_months(cls, low: Sequence[Sequence[float]], high: Sequence[Sequence[float]]) -> Spans:
        """Spans from 12 rows of one figure or 24 each, January first; an empty sequence is no bound.

        Raises
        ------
        InvalidInputError
            If the shape is another one, or a low bound is not below its high bound.
        """
        spans = cls(_table(low, "low", -np.inf), _table(high, "high", np.inf))
        if (spans.low >= spans.high).any():
            month, hour = np.argwhere(spans.low >= spans.high)[0]
            msg = f"month {month + 1}, hour {hour}: {spans.low[month, hour]} to {spans.high[month, hour]}, expected low < high"
            raise InvalidInputError(msg)
        return spans

    def with_width(self) -> Spans:
        """The spans that can be limits: NaN where a low bound is not below its high bound."""
        narrow = self.low >= self.high
        return Spans(np.where(narrow, np.nan, self.low), np.where(narrow, np.nan, self.high), self.why_not)


def _table(rows: Sequence[Sequence[float]], name: str, otherwise: float) -> NDArray[np.float64]:
    if not rows:
        return np.full((MONTHS, HOURS), otherwise)
    if len(rows) != MONTHS or any(len(row) not in {1, HOURS} for row in rows):
        msg = f"{name}: {len(rows)} rows of {sorted({len(row) for row in rows})} figures, expected {MONTHS} of 1 or {HOURS}"
        raise InvalidInputError(msg)
    return np.array([list(row) * (HOURS // len(row)) for row in rows], dtype=np.float64)


def climatology_test(
    values: Values,
    months: NDArray[np.int64],
    hours: NDArray[np.int64],
    spans: Spans,
    *,
    fail_span: tuple[float, float] | None = None,
    period: float | None = None,
) -> Flags:
    """SUSPECT outside the span of the value's month and hour, FAIL outside ``fail_span``; the bounds themselves pass.

    Parameters
    ----------
    months, hours : array of int
        Civil month, 1 to 12, and hour of the day, 0 to 23, of each value.
    spans : Spans
        A value without one is UNKNOWN.
    fail_span : (low, high) or None
        Unit of the values.
    period : float or None
        A full turn of a direction: a span goes up from its low bound, so one across north is 330 to 390. None: a quantity that
        does not repeat.

    References
    ----------
    QARTOD climatology test, as `ioos_qc.qartod.climatology_test` with a member for each month or hour and no depth.

    Examples
    --------
    >>> spans = Spans.of_months([[0.0]] * 12, [[30.0]] * 12)
    >>> month, hour = np.array([1, 7]), np.array([12, 12])
    >>> climatology_test(np.array([25.0, 40.0]), month, hour, spans).tolist()
    [1, 3]
    """
    if not values.shape == months.shape == hours.shape:
        msg = f"{values.size} values but {months.size} months and {hours.size} hours"
        raise InvalidInputError(msg)
    cell = (months - 1) * HOURS + hours
    low, high = spans.low.ravel()[cell], spans.high.ravel()[cell]
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    outside = (values < low) | (values > high)
    if period is not None:
        with np.errstate(invalid="ignore"):
            outside = (values - low) % period > high - low
    flags[outside] = Flag.SUSPECT
    if fail_span is not None:
        flags[(values < fail_span[0]) | (values > fail_span[1])] = Flag.FAIL
    flags[np.isnan(low) | np.isnan(high)] = Flag.UNKNOWN
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


@cache
def _spans(limit: ClimatologyLimit) -> Spans:
    return Spans.of_months(limit.rows("low"), limit.rows("high"))


def _run(series: NativeSeries, limit: ClimatologyLimit) -> Flags:
    return climatology_test(series.numbers, series.months, series.hours, _spans(limit), period=series.period)


def _explain(series: NativeSeries, limit: ClimatologyLimit, at: int) -> Explanation:
    month, hour = int(series.months[at]), int(series.hours[at])
    spans = _spans(limit)
    return "span", {
        **series.measured(at),
        "low": float(spans.low[month - 1, hour]),
        "high": float(spans.high[month - 1, hour]),
        "month": month,
        "hour": hour,
    }


TEST = NativeTest(
    limit=ClimatologyLimit,
    run=_run,
    explain=_explain,
    messages={"span": ("value", "unit", "low", "high", "month", "hour")},
    as_written=True,
)
