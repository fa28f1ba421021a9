"""Expectations of a batch of hours, stored as Great Expectations suites in JSON.

The files ``schemas/expectations/<network>.json`` are made by ``python -m qc.gate.suite`` and compared with this module by a test.
A *critical* expectation that fails holds the batch back, a *warning* is recorded and lets it pass. `schemas.parameter` gives the
physical ranges, ``thresholds.toml`` the plausible levels, `qc.gate.batch` the columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import schemas
from qc.gate.batch import (
    AGE,
    BASE_COLUMNS,
    BROKEN_LEVELS,
    BROKEN_LIMITS,
    COMPONENTS_DIFFERENCE_UG_M3,
    COMPONENTS_EXCESS,
    COMPONENTS_RATIO,
    DEW_POINT_EXCESS,
    HOURS_SINCE_PREVIOUS,
    NOX_RATIO,
    PM_DIFFERENCE_UG_M3,
    PM_EXCESS,
    PM_RATIO,
    SECONDS_PAST_HOUR,
    SHARE_VALID,
    SHORT_WAVE_EXCESS,
    UNKNOWN_COLUMNS,
    UNKNOWN_FLAGS,
)
from qc.gate.expectation import (
    MEAN,
    MEDIAN,
    MINIMUM,
    Expectation,
    column_set,
    has_rows,
    of_column,
    to_json,
    unique,
)
from qc.limits.load import LimitKinds
from qc.limits.thresholds import load_thresholds
from qc.native.test.gross_range import GrossRangeLimit
from schemas.gate import ExpectationSeverity
from schemas.message import NetworkCode
from schemas.parameter import Parameter, parameters_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = LimitKinds({"gross_range": GrossRangeLimit}, {}, is_partial=True)
"""Limits that the suites take levels from."""
DIRECTORY = Path(schemas.__file__).with_name("expectations")
MIN_SHARE_OF_BATCH = 0.5
"""Least mean share of valid values of a batch that may enter products [1]; project default."""
MIN_SHARE_VALID, MIN_SHARE_OF_HOURS = 0.75, 0.75
"""Parameters of a station hour that should be valid, and station hours in which they should be [1]; project defaults."""
MAX_NETWORK_AGE_H, MAX_STATION_AGE_H = 6, 3
"""Age of the newest valid hour of a network and of a station at the end of the batch [h]; project defaults."""
FRESH_STATIONS = 0.9
"""Stations that should have a fresh hour [1]; project default."""
NOX_LOW, NOX_HIGH = 0.7, 1.3
"""NO + NO2 over NOx, as NO2 [1]; project default."""
MAX_DEW_POINT_EXCESS_DEGC = 0.5
"""Dew point above the temperature that two sensors explain [°C]; project default."""
MAX_SHORT_WAVE_EXCESS_W_M2 = 20
"""Reflected above incoming short-wave radiation that offsets explain [W m⁻²]; project default."""
RELATION_SHARE = 0.95
"""Rows in which a relation between parameters should hold [1]; project default."""


def describe(network: str) -> list[Expectation]:
    """All expectations of a network, for every parameter the registry allows there."""
    known = parameters_of(network)
    ranges = [item for one in known for item in _range(one)]
    levels = [item for one in known for item in _level(one, network)]
    return [
        *_shape([one.parameter for one in known]),
        *_delivery(),
        *_cross({one.parameter for one in known}),
        *_screens(),
        *ranges,
        *levels,
    ]


def network_json(network: str) -> str:
    """The suite of a network in JSON."""
    return to_json(network, describe(network), {item.parameter: item.unit for item in parameters_of(network)})


def _shape(codes: list[str]) -> Iterator[Expectation]:
    """Columns, order and codes, which only a program error breaks."""
    yield column_set([*BASE_COLUMNS, *codes], ExpectationSeverity.WARNING, "columns")
    yield has_rows(ExpectationSeverity.CRITICAL, "has_rows")
    yield unique("unique_hours", ("station_id", "start"))
    exact: dict[str, tuple[str, int, int | None]] = {
        HOURS_SINCE_PREVIOUS: ("ordered_hours", 1, None),
        SECONDS_PAST_HOUR: ("whole_hours", 0, 0),
        UNKNOWN_FLAGS: ("flag_codes", 0, 0),
        UNKNOWN_COLUMNS: ("known_columns", 0, 0),
    }
    for column, (name, low, high) in exact.items():
        yield of_column(name, column, ExpectationSeverity.CRITICAL, (name, {}), {"min_value": low, "max_value": high})


def _delivery() -> Iterator[Expectation]:
    """Completeness and freshness."""
    hard, soft = ExpectationSeverity.CRITICAL, ExpectationSeverity.WARNING
    share = {"min_value": MIN_SHARE_VALID, "mostly": MIN_SHARE_OF_HOURS}
    yield of_column("completeness", SHARE_VALID, soft, ("completeness", {}), share)
    least = {"min_value": MIN_SHARE_OF_BATCH}
    yield of_column("completeness_floor", SHARE_VALID, hard, ("completeness_floor", {}), least, kind=MEAN)
    fresh = {"max_value": MAX_STATION_AGE_H, "mostly": FRESH_STATIONS}
    yield of_column("freshness_stations", AGE, soft, ("freshness_stations", {}), fresh)
    newest = {"max_value": MAX_NETWORK_AGE_H}
    yield of_column("freshness_network", AGE, hard, ("freshness_network", {}), newest, kind=MINIMUM)


def _cross(codes: set[str]) -> Iterator[Expectation]:
    """Relations between parameters, soft: a real atmosphere can break each for an hour."""
    pm = {"ratio": PM_RATIO, "difference": PM_DIFFERENCE_UG_M3}
    components = {"ratio": COMPONENTS_RATIO, "difference": COMPONENTS_DIFFERENCE_UG_M3}
    table: list[tuple[str, set[str], float | None, float, dict[str, float]]] = [
        (PM_EXCESS, {"pm25", "pm10"}, None, 0, pm),
        (NOX_RATIO, {"no", "no2", "nox"}, NOX_LOW, NOX_HIGH, {}),
        (DEW_POINT_EXCESS, {"temperature", "dew_point"}, None, MAX_DEW_POINT_EXCESS_DEGC, {}),
        (COMPONENTS_EXCESS, {"pm25", "sulfate"}, None, 0, components),
        (SHORT_WAVE_EXCESS, {"sw_out", "global_radiation"}, None, MAX_SHORT_WAVE_EXCESS_W_M2, {}),
    ]
    for column, needed, low, high, figures in table:
        if needed <= codes:
            bounds = {"min_value": low, "max_value": high, "mostly": RELATION_SHARE}
            yield of_column(column, column, ExpectationSeverity.WARNING, (column, figures), bounds)


def _screens() -> Iterator[Expectation]:
    """Two counts in place of hundreds of bounds of single columns; `qc.gate.outcome.screen` computes them."""
    for name, column in (("limits", BROKEN_LIMITS), ("levels", BROKEN_LEVELS)):
        yield of_column(name, column, ExpectationSeverity.WARNING, ("", {}), {"max_value": 0})


def _range(item: Parameter) -> Iterator[Expectation]:
    if item.range_min is None and item.range_max is None:
        return
    message = ("range", {"parameter": item.parameter, "unit": item.unit})
    bounds = {"min_value": item.range_min, "max_value": item.range_max}
    yield of_column(f"{item.parameter}.range", item.parameter, ExpectationSeverity.CRITICAL, message, bounds)


def _level(item: Parameter, network: str) -> Iterator[Expectation]:
    """The median of a batch is in the plausible range; it is not where a unit was mistaken."""
    # No station has an empty id and no month is 0, so only limits without either are found: those of every place and season.
    limit = load_thresholds(_KINDS).find(GrossRangeLimit, item.parameter, network=network, station_id="", month=0)
    if limit is None:
        return
    message = ("level", {"parameter": item.parameter, "unit": item.unit})
    bounds = {"min_value": limit.suspect_min, "max_value": limit.suspect_max}
    yield of_column(
        f"{item.parameter}.level", item.parameter, ExpectationSeverity.WARNING, message, bounds, kind=MEDIAN
    )


if __name__ == "__main__":
    for code in NetworkCode:
        (DIRECTORY / f"{code}.json").write_text(network_json(code), encoding="utf-8")
