"""Climatological limits from a record of a station: derived spans, and the text of the limit for ``thresholds.toml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qc.angle import mean_angle, turned
from qc.native.argument import InvalidInputError
from qc.native.test.climatology import HOURS, MONTHS, Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Quantiles [1] by whose distance from the median a span is widened, on each side by its own.
_LOW, _HIGH = 0.1, 0.9


def derive_spans(
    values: NDArray[np.float64],
    months: NDArray[np.int64],
    hours: NDArray[np.int64],
    *,
    widening: float = 5.0,
    least: int = 60,
    period: float | None = None,
) -> Spans:
    """Spans of a record, robust against its faults.

    Each month and hour uses the values of its own hour and of the hours before and after. The span reaches from the median to
    both sides ``widening`` times as far as the 10 % and 90 % quantiles: up to 10 % of faults on a side change it little.
    Where both quantiles are the median, as with radiation at night, the span has no width and gives no limit.

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
    period : float or None
        A full turn of a direction: spans are around the mean direction. None: a quantity that does not repeat.

    Returns
    -------
    Spans
        With ``why_not``.

    Raises
    ------
    InvalidInputError
        If the lengths differ or the widening is below 1.

    Examples
    --------
    >>> values, months = np.tile([9.0, 10.0, 11.0], 100), np.ones(300, dtype=np.int64)
    >>> spans = derive_spans(values, months, np.zeros(300, dtype=np.int64), widening=2.0)
    >>> float(spans.low[0, 0]), float(spans.high[0, 0])
    (8.0, 12.0)
    """
    _check(values, months, hours, widening)
    low, high = np.full((MONTHS, HOURS), np.nan), np.full((MONTHS, HOURS), np.nan)
    why_not = np.full((MONTHS, HOURS), "", dtype=object)
    there = np.isfinite(values)
    for month in range(1, MONTHS + 1):
        of_month = there & (months == month)
        numbers, at_hour = values[of_month], hours[of_month]
        for hour in range(HOURS):
            pool = numbers[np.isin(at_hour, [(hour - 1) % HOURS, hour, (hour + 1) % HOURS])]
            cell = (month - 1, hour)
            low[cell], high[cell], why_not[cell] = _span(pool, widening, least, period)
    return Spans(low, high, why_not)


def _check(values: NDArray[np.float64], months: NDArray[np.int64], hours: NDArray[np.int64], widening: float) -> None:
    if not values.shape == months.shape == hours.shape:
        msg = f"{values.size} values but {months.size} months and {hours.size} hours"
        raise InvalidInputError(msg)
    if not widening >= 1:
        msg = f"widening: {widening}, expected at least 1"
        raise InvalidInputError(msg)


def _span(pool: NDArray[np.float64], widening: float, least: int, period: float | None) -> tuple[float, float, str]:
    """Low and high bound, and why they give no limit."""
    if pool.size < least:
        return np.nan, np.nan, f"fewer than {least} values"
    centre = 0.0
    if period is not None:
        centre = float(mean_angle(pool, period))
        pool = turned(pool - centre, period)
    bottom, middle, top = np.quantile(pool, (_LOW, 0.5, _HIGH))
    low, high = middle - widening * (middle - bottom), middle + widening * (top - middle)
    if np.isnan(centre) or (period is not None and high - low >= period):
        return np.nan, np.nan, "any direction occurs"
    if not low < high:
        return centre + low, centre + high, f"the values do not vary, they are {centre + middle:g}"
    return centre + low, centre + high, ""


def limit_toml(spans: Spans, parameter: str, unit: str, *, station_id: str, decimals: int, source: str) -> str:
    """A limit for ``thresholds.toml`` from spans, outward to the parameter's last digit, after comments on what is not evaluated.

    Parameters
    ----------
    spans : Spans
        NaN, and a span of no width: not evaluated. Where all are, there is no limit, only the comments.
    parameter, unit : str
        Code and canonical unit.
    station_id : str
    decimals : int
        Digits after the point that the parameter is shown with.
    source : str
        Of what record.
    """
    comments = "".join(f"# {parameter}: {line}\n" for line in not_evaluated(spans))
    spans = spans.with_width()
    if np.isnan(spans.low).all():
        return comments
    scale = 10.0**decimals
    sides = {"low": np.floor(spans.low * scale) / scale, "high": np.ceil(spans.high * scale) / scale}
    rows = {name: ",\n".join(f"  {_row(row, decimals)}" for row in table) for name, table in sides.items()}
    named = {"parameters": [parameter], "station": station_id}
    head = "".join(f"{name} = {_quoted(value)}\n" for name, value in named.items())
    return (
        f'{comments}[[limit]]\ntest = "climatology"\n{head}low = [\n{rows["low"]},\n]\nhigh = [\n{rows["high"]},\n]\n'
        f"unit = {_quoted(unit)}\nsource = {_quoted(source)}\nverified = false\n"
    )


def not_evaluated(spans: Spans) -> list[str]:
    """Why months and hours have no span, one line a reason: ``month 1, hours 0-6 18-23: ...``."""
    if spans.why_not is None:
        return []
    found: dict[tuple[str, str], list[int]] = {}
    for month in range(MONTHS):
        reasons = spans.why_not[month]
        for reason in dict.fromkeys(filter(None, reasons)):
            hours = _ranges(np.flatnonzero(reasons == reason).tolist())
            found.setdefault((hours, reason), []).append(month + 1)
    return [
        f"month {_ranges(months)}, hour {hours} not evaluated: {reason}" for (hours, reason), months in found.items()
    ]


def _ranges(numbers: Sequence[int]) -> str:
    """Whole numbers, ascending, as ``0-6 18-23``."""
    parts = np.split(np.asarray(numbers), np.flatnonzero(np.diff(numbers) > 1) + 1)
    return " ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _quoted(value: object) -> str:
    """A text or a list of texts as TOML has it, whose basic strings are JSON's."""
    return msgspec.json.encode(value).decode()


def _row(row: NDArray[np.float64], decimals: int) -> str:
    if np.isnan(row).all():
        return "nan"
    # At least one digit: a limit's figures are floats.
    return f"[{', '.join(f'{value:.{max(1, decimals)}f}' for value in row)}]"
