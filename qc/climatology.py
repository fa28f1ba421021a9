"""Spans that a parameter keeps by civil month and hour of the day: the test against them, and how a record yields them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.checks import CheckError
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MONTHS, HOURS = 12, 24
#: Quantiles [1] from whose distance to the median a span is widened, so that a tail keeps its own length on each side.
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Spans:
    """Plausible spans.

    Attributes
    ----------
    low, high : array of float, (12, 24)
        By civil month and hour of the day, unit of the values; infinite: no bound; NaN: not evaluated.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of_months(cls, low: Sequence[Sequence[float]], high: Sequence[Sequence[float]]) -> Spans:
        """Spans from 12 rows of one figure or 24 each, January first; an empty sequence is no bound.

        Raises
        ------
        CheckError
            If the shape is another one, or a low bound is not below its high bound.
        """
        spans = cls(_table(low, "low", -np.inf), _table(high, "high", np.inf))
        if (spans.low >= spans.high).any():
            month, hour = np.argwhere(spans.low >= spans.high)[0]
            msg = f"month {month + 1}, hour {hour}: {spans.low[month, hour]} to {spans.high[month, hour]}, expected low < high"
            raise CheckError(msg)
        return spans


def _table(rows: Sequence[Sequence[float]], name: str, otherwise: float) -> NDArray[np.float64]:
    if not rows:
        return np.full((MONTHS, HOURS), otherwise)
    if len(rows) != MONTHS or any(len(row) not in {1, HOURS} for row in rows):
        msg = f"{name}: {len(rows)} rows of {sorted({len(row) for row in rows})} figures, expected {MONTHS} of 1 or {HOURS}"
        raise CheckError(msg)
    return np.array([list(row) * (HOURS // len(row)) for row in rows], dtype=np.float64)


def limit_toml(spans: Spans, parameter: str, unit: str, *, station_id: str, decimals: int, source: str) -> str:
    """A limit for ``thresholds.toml`` from spans, outward to the parameter's last digit.

    Parameters
    ----------
    spans : Spans
        NaN: not evaluated.
    parameter, unit : str
        Code and canonical unit.
    station_id : str
    decimals : int
        Digits after the point that the parameter is shown with.
    source : str
        Of what record, without quotation marks.
    """
    scale = 10.0**decimals
    sides = {"low": np.floor(spans.low * scale) / scale, "high": np.ceil(spans.high * scale) / scale}
    rows = {name: ",\n".join(f"  {_row(row, decimals)}" for row in table) for name, table in sides.items()}
    return (
        f'[[limit]]\ntest = "climatology"\nparameters = ["{parameter}"]\nstation = "{station_id}"\n'
        f"low = [\n{rows['low']},\n]\nhigh = [\n{rows['high']},\n]\n"
        f'unit = "{unit}"\nsource = "{source}"\nverified = false\n'
    )


def _row(row: NDArray[np.float64], decimals: int) -> str:
    if np.isnan(row).all():
        return "nan"
    # At least one digit: a limit's figures are floats.
    return f"[{', '.join(f'{value:.{max(1, decimals)}f}' for value in row)}]"


def climatology_test(
    values: NDArray[np.float64],
    months: NDArray[np.int64],
    hours: NDArray[np.int64],
    spans: Spans,
    *,
    fail_span: tuple[float, float] | None = None,
) -> NDArray[np.int8]:
    """SUSPECT outside the span of the value's month and hour, FAIL outside ``fail_span``; the bounds themselves pass.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    months, hours : array of int
        Civil month, 1 to 12, and hour of the day, 0 to 23, of each value.
    spans : Spans
        A value without one is UNKNOWN.
    fail_span : (low, high) or None
        Unit of the values.

    Raises
    ------
    CheckError
        If the lengths differ.

    References
    ----------
    QARTOD climatology test, as `ioos_qc.qartod.climatology_test` with a member for each month or hour and no depth.
    """
    if not values.shape == months.shape == hours.shape:
        msg = f"{values.size} values but {months.size} months and {hours.size} hours"
        raise CheckError(msg)
    cell = (months - 1) * HOURS + hours
    low, high = spans.low.ravel()[cell], spans.high.ravel()[cell]
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    flags[(values < low) | (values > high)] = Flag.SUSPECT
    if fail_span is not None:
        flags[(values < fail_span[0]) | (values > fail_span[1])] = Flag.FAIL
    flags[np.isnan(low) | np.isnan(high)] = Flag.UNKNOWN
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def derive_spans(
    values: NDArray[np.float64],
    months: NDArray[np.int64],
    hours: NDArray[np.int64],
    *,
    widening: float = 5.0,
    least: int = 60,
) -> Spans:
    """Spans of a record, so that its faults do not widen them.

    Each month and hour takes the values of its own hour and of the hours before and after. The span reaches from the median to
    both sides ``widening`` times as far as the 10 % and 90 % quantiles do: up to a tenth of faults on a side hardly moves it.

    Parameters
    ----------
    values : array of float
        Of one station, best of several years; NaN where missing.
    months, hours : array of int
        As in `climatology_test`.
    widening : float
        [1], at least 1.
    least : int
        Values below which a month and hour is not evaluated (NaN).

    Raises
    ------
    CheckError
        If the lengths differ or the widening is below 1.
    """
    if not values.shape == months.shape == hours.shape:
        msg = f"{values.size} values but {months.size} months and {hours.size} hours"
        raise CheckError(msg)
    if not widening >= 1:
        msg = f"widening: {widening}, expected at least 1"
        raise CheckError(msg)
    low, high = np.full((MONTHS, HOURS), np.nan), np.full((MONTHS, HOURS), np.nan)
    there = np.isfinite(values)
    for month in range(1, MONTHS + 1):
        of_month = there & (months == month)
        numbers, at_hour = values[of_month], hours[of_month]
        for hour in range(HOURS):
            pool = numbers[np.isin(at_hour, [(hour - 1) % HOURS, hour, (hour + 1) % HOURS])]
            if pool.size >= least:
                bottom, middle, top = np.quantile(pool, (_LOW, 0.5, _HIGH))
                low[month - 1, hour] = middle - widening * (middle - bottom)
                high[month - 1, hour] = middle + widening * (top - middle)
    return Spans(low, high)
