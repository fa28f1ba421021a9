"""Individual air quality index (IAQI), exact, by edition and date.

The index is rounded up, so a residue of binary arithmetic would show: 35 µg m⁻³ of PM2.5 would become 51. Therefore
everything is computed in fractions (`analysis.statistics.concentration`), and in whole numbers for series.

References
----------
HJ 633-2012 Table 1, 4.3 and 6.2; HJ 633-2026 Table 3. The breakpoints with their sources: ``data/iaqi_breakpoints.csv``.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.statistics.concentration import FLOAT_STEPS, Concentration, ConcentrationError, exact
from analysis.statistics.limit import (
    DATA,
    FIRST_DAY_2026,
    PARAMETER_OF,
    AnalysisError,
    Edition,
    edition_on,
    pollutant_name,
)
from schemas.frames import check_time_index
from schemas.parameter import parameter

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

MAX_INDEX = 500


class NoBreakpointsError(AnalysisError):
    """An averaging interval for which HJ 633 has no breakpoints."""


class Averaging(StrEnum):
    """Averaging intervals of the AQI."""

    ONE_HOUR = "1h"
    EIGHT_HOURS = "8h"
    DAY = "24h"


@dataclass(frozen=True, slots=True)
class _Table:
    """Breakpoints of one item, ascending; ``beyond`` is the index above the last concentration (None: not computed)."""

    indices: tuple[int, ...]
    concentrations: tuple[int, ...]
    beyond: int | None


def iaqi(
    pollutant: str,
    averaging: str,
    concentration: Concentration | None,
    day: date,
    *,
    edition: Edition | str | None = None,
) -> int | None:
    """Individual air quality index of one concentration.

    Parameters
    ----------
    pollutant : str
        ``PM2.5``, ``O3``, ... or a registry code (``pm25``, ``o3``).
    averaging : str
        ``1h``, ``8h`` (also ``MDA8``) or ``24h``.
    concentration : float, int, Decimal, str, Fraction or None
        [µg m⁻³], CO [mg m⁻³]. Rounded by GB/T 8170 first in the edition of 2026.
    day : date
        Civil day, chooses the edition.
    edition : Edition, optional
        Instead of the one in force.

    Returns
    -------
    int or None
        0 to 500. None for a missing concentration (None, NaN) and where the edition computes no index: SO2 1 h and
        O3 8 h above 800 µg m⁻³ and PM 1 h in 2012.

    Raises
    ------
    ConcentrationError
        If below the physical range of the registry, infinite or not a number. A negative value inside the range is noise
        about zero, and counts as zero.
    NoBreakpointsError, UnknownPollutantError
        If the standard has no such item.

    References
    ----------
    HJ 633-2012 4.3, 6.2; HJ 633-2026 Table 3.

    Examples
    --------
    >>> from datetime import date
    >>> iaqi("PM2.5", "24h", 35, date(2025, 1, 1)), iaqi("O3", "1h", 161, date(2025, 1, 1))
    (50, 52)
    """
    rules = Edition(edition) if edition else edition_on(day)
    name, averaging = pollutant_name(pollutant), _averaging(averaging)
    value = exact(concentration)
    table = _table(rules, name, averaging)
    if value is None or table is None:
        return None
    value = _not_negative(value, name)
    if rules is Edition.HJ633_2026:
        step = _step(name)
        value = round(value / step) * step  # round() of a Fraction is half to even
    return _index(value, table)


def iaqi_series(
    values: pd.Series, pollutant: str, averaging: str, *, zone: ZoneInfo, edition: Edition | str | None = None
) -> pd.Series:
    """`iaqi` of many concentrations, the same whole numbers.

    Parameters
    ----------
    values : pd.Series of float, index UTC
        [µg m⁻³], CO [mg m⁻³]; NaN is missing. The index decides the edition by its civil day in ``zone``.
    pollutant, averaging : str
        As for `iaqi`.
    zone : ZoneInfo
    edition : Edition, optional

    Returns
    -------
    pd.Series of Int64
        Missing where the value is, where it is below the physical range, and where the edition computes no index. Noise
        about zero counts as zero, as in `iaqi`.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> values = pd.Series([35.0, None], index=pd.date_range("2025-01-01", periods=2, freq="h", tz="UTC"))
    >>> iaqi_series(values, "PM2.5", "24h", zone=ZoneInfo("Asia/Shanghai")).tolist()
    [50, <NA>]
    """
    check_time_index(values)
    name, averaging = pollutant_name(pollutant), _averaging(averaging)
    result = pd.Series(pd.array([pd.NA] * len(values), dtype="Int64"), index=values.index, name=values.name)
    boundary = pd.Timestamp(FIRST_DAY_2026, tz=zone)
    is_2012 = np.asarray(values.index < boundary)
    for rules, chosen in ((Edition.HJ633_2012, is_2012), (Edition.HJ633_2026, ~is_2012)):
        if edition:
            chosen = np.full(len(values), Edition(edition) is rules)  # noqa: PLW2901 - the caller overrides the date
        table = _table(rules, name, averaging)
        if table is not None and chosen.any():
            result[chosen] = _indices(values.to_numpy(dtype=float)[chosen], table, name, rules)
    return result


def breakpoint_concentration(pollutant: str, averaging: str, index: int, day: date) -> float | None:
    """Concentration at which the index of the edition in force reaches a value of its table.

    Parameters
    ----------
    pollutant, averaging : str
        As for `iaqi`. PM 1 h takes the daily breakpoints in both editions, as 2012 defines none for the hour.
    index : int
        Of the table: 50, 100, ...
    day : date

    Returns
    -------
    float or None
        [µg m⁻³], CO [mg m⁻³]; None where the edition has no such item or breakpoint.

    References
    ----------
    HJ 633-2012 Table 1; HJ 633-2026 Table 3.

    Examples
    --------
    >>> from datetime import date
    >>> breakpoint_concentration("PM2.5", "24h", 100, date(2025, 1, 1))
    75.0
    """
    name, averaging = pollutant_name(pollutant), _averaging(averaging)
    if name.startswith("PM"):
        averaging = Averaging.DAY
    table = _table(edition_on(day), name, averaging)
    if table is None or index not in table.indices:
        return None
    return float(table.concentrations[table.indices.index(index)])


def _averaging(text: str) -> Averaging:
    try:
        return Averaging("8h" if text == "MDA8" else text)
    except ValueError:
        msg = f"averaging {text!r}: expected 1h, 8h, MDA8 or 24h"
        raise NoBreakpointsError(msg) from None


def _step(pollutant: str) -> Fraction:
    """Last digit of a reported concentration: 1 µg m⁻³, 0.1 mg m⁻³ for CO."""
    return Fraction(1, 10) if pollutant == "CO" else Fraction(1)


def _lowest(pollutant: str) -> float:
    """Lower end of the physical range of the registry: what quality control lets pass as noise about zero."""
    lowest = parameter(PARAMETER_OF[pollutant]).range_min
    return 0.0 if lowest is None else lowest


def _not_negative(value: Fraction, pollutant: str) -> Fraction:
    lowest = _lowest(pollutant)
    if value < lowest:
        msg = f"concentration {float(value):g} of {pollutant}: expected {lowest:g} or more"
        raise ConcentrationError(msg)
    return max(value, Fraction(0))


def _index(value: Fraction, table: _Table) -> int | None:
    concentrations, indices = table.concentrations, table.indices
    if value > concentrations[-1]:
        return table.beyond
    upper = next(place for place in range(1, len(concentrations)) if value <= concentrations[place])
    low, high = concentrations[upper - 1], concentrations[upper]
    span = indices[upper] - indices[upper - 1]
    return math.ceil(Fraction(span, high - low) * (value - low)) + indices[upper - 1]


def _indices(values: NDArray[np.float64], table: _Table, pollutant: str, rules: Edition) -> pd.arrays.IntegerArray:
    """`_index` in 64-bit whole numbers of 1e-9; the largest product is 1e16."""
    unit = int(_step(pollutant) * FLOAT_STEPS)
    top = table.concentrations[-1]
    scaled = np.clip(np.nan_to_num(values, nan=0.0), 0.0, 10.0 * top) * FLOAT_STEPS
    steps = np.rint(scaled).astype(np.int64)
    missing = ~np.isfinite(values) | (values < _lowest(pollutant))
    if rules is Edition.HJ633_2026:
        whole, rest = np.divmod(steps, unit)
        steps = (whole + ((2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1)))) * unit
    concentrations = np.array(table.concentrations, dtype=np.int64)
    indices = np.array(table.indices, dtype=np.int64)
    upper = np.clip(np.searchsorted(concentrations * FLOAT_STEPS, steps, side="left"), 1, len(concentrations) - 1)
    low = concentrations[upper - 1]
    numerator = (indices[upper] - indices[upper - 1]) * (steps - low * FLOAT_STEPS)
    index = -(-numerator // ((concentrations[upper] - low) * FLOAT_STEPS)) + indices[upper - 1]
    beyond = steps > top * FLOAT_STEPS
    index = np.where(beyond, table.beyond or 0, index)
    return pd.arrays.IntegerArray(index, missing | (beyond & (table.beyond is None)))


def _table(rules: Edition, pollutant: str, averaging: Averaging) -> _Table | None:
    """Breakpoints of an item; None where the item exists but the edition computes no index of it."""
    tables = _tables()
    if pollutant.startswith("PM") and averaging is Averaging.ONE_HOUR:
        # HJ 633-2026 uses the daily breakpoints for the hour; 2012 publishes the hour's concentration only.
        return tables[rules, pollutant, Averaging.DAY] if rules is Edition.HJ633_2026 else None
    try:
        return tables[rules, pollutant, averaging]
    except KeyError:
        msg = f"{rules} has no breakpoints for {pollutant} {averaging}"
        raise NoBreakpointsError(msg) from None


@cache
def _tables() -> dict[tuple[Edition, str, Averaging], _Table]:
    points: dict[tuple[Edition, str, Averaging], list[tuple[int, int]]] = {}
    with (DATA / "iaqi_breakpoints.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            item = (Edition(row["edition"]), row["pollutant"], Averaging(row["averaging"]))
            points.setdefault(item, [(0, 0)])
            if row["c_hi"]:
                points[item].append((int(row["iaqi_hi"]), int(row["c_hi"])))
    return {item: _built(item, rows) for item, rows in points.items()}


def _built(item: tuple[Edition, str, Averaging], rows: list[tuple[int, int]]) -> _Table:
    indices, concentrations = zip(*sorted(rows), strict=True)
    rules, _, _ = item
    cut_short = indices[-1] < MAX_INDEX  # SO2 1 h and O3 8 h end at 800 µg m⁻³
    beyond = MAX_INDEX if not cut_short else (indices[-1] if rules is Edition.HJ633_2026 else None)
    return _Table(indices, concentrations, beyond)
