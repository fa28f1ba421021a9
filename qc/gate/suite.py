"""What the gate expects of a batch of hours, stored as Great Expectations suites in JSON.

The files ``schemas/expectations/<network>.json`` are made by ``python -m qc.gate.suite`` and compared with this module by a test.
A *critical* expectation that fails holds the batch back, a *warning* lets it pass and says so. `schemas.parameter` gives the
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
from qc.gate.expectation import BETWEEN, MEDIAN, Expectation, ExpectationSeverity, to_json
from qc.limits.load import LimitKinds
from qc.limits.thresholds import load_thresholds
from qc.native.test.gross_range import GrossRangeLimit
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
    """Columns, order and codes: what cannot be wrong unless a program is."""
    yield Expectation(
        id="columns",
        type="expect_table_columns_to_match_set",
        kwargs={"column_set": [*BASE_COLUMNS, *codes], "exact_match": False},
        severity=ExpectationSeverity.WARNING,
        columns=(),
        en="a configured parameter has not been reported by any station",
        zh="有已配置的参数没有任何站点上报",
    )
    yield Expectation(
        id="has_rows",
        type="expect_table_row_count_to_be_between",
        kwargs={"min_value": 1},
        severity=ExpectationSeverity.CRITICAL,
        columns=(),
        en="the batch has no hour",
        zh="本批次没有任何小时数据",
    )
    yield Expectation(
        id="unique_hours",
        type="expect_compound_columns_to_be_unique",
        kwargs={"column_list": ["station_id", "start"]},
        severity=ExpectationSeverity.CRITICAL,
        columns=("station_id", "start"),
        en="an hour of a station is there twice",
        zh="同一站点的同一小时重复",
    )
    exact: dict[str, tuple[str, float | None, str, str]] = {
        HOURS_SINCE_PREVIOUS: ("ordered_hours", None, "the hours of a station are not in order", "站点的小时顺序错误"),
        SECONDS_PAST_HOUR: ("whole_hours", 0, "an hour does not start at a full hour", "小时起始时间不是整点"),
        UNKNOWN_FLAGS: ("flag_codes", 0, "a flag is not one of 1, 2, 3, 4, 9", "存在 1、2、3、4、9 以外的标识"),
        UNKNOWN_COLUMNS: ("known_columns", 0, "a parameter does not belong to the network", "存在不属于该网络的参数"),
    }
    for column, (name, maximum, en, zh) in exact.items():
        low = 1 if maximum is None else 0
        yield Expectation(
            id=name,
            type=BETWEEN,
            kwargs={"column": column, "min_value": low, "max_value": maximum},
            severity=ExpectationSeverity.CRITICAL,
            columns=(column,),
            en=en,
            zh=zh,
        )


def _delivery() -> Iterator[Expectation]:
    """Completeness and freshness."""
    yield Expectation(
        id="completeness",
        type=BETWEEN,
        kwargs={"column": SHARE_VALID, "min_value": MIN_SHARE_VALID, "mostly": MIN_SHARE_OF_HOURS},
        severity=ExpectationSeverity.WARNING,
        columns=(SHARE_VALID,),
        en="in more than a quarter of the station hours less than 75 % of the parameters are valid",
        zh="超过四分之一的站点小时中，有效参数不足 75 %",
    )
    yield Expectation(
        id="completeness_floor",
        type="expect_column_mean_to_be_between",
        kwargs={"column": SHARE_VALID, "min_value": MIN_SHARE_OF_BATCH},
        severity=ExpectationSeverity.CRITICAL,
        columns=(SHARE_VALID,),
        en="less than half of the expected hourly values are valid",
        zh="有效小时值不足应有数量的一半",
    )
    yield Expectation(
        id="freshness_stations",
        type=BETWEEN,
        kwargs={"column": AGE, "max_value": MAX_STATION_AGE_H, "mostly": FRESH_STATIONS},
        severity=ExpectationSeverity.WARNING,
        columns=(AGE,),
        en=f"more than a tenth of the stations have had no valid hour for {MAX_STATION_AGE_H} h",
        zh=f"超过十分之一的站点已 {MAX_STATION_AGE_H} 小时没有有效数据",
    )
    yield Expectation(
        id="freshness_network",
        type="expect_column_min_to_be_between",
        kwargs={"column": AGE, "max_value": MAX_NETWORK_AGE_H},
        severity=ExpectationSeverity.CRITICAL,
        columns=(AGE,),
        en=f"no station has had a valid hour for {MAX_NETWORK_AGE_H} h",
        zh=f"所有站点已 {MAX_NETWORK_AGE_H} 小时没有有效数据",
    )


def _cross(codes: set[str]) -> Iterator[Expectation]:
    """Relations between parameters, soft: a real atmosphere can break each for an hour."""
    table: list[tuple[str, set[str], float | None, float, str, str]] = [
        (
            PM_EXCESS,
            {"pm25", "pm10"},
            None,
            0,
            f"PM2.5 is often above PM10 x {PM_RATIO:g} + {PM_DIFFERENCE_UG_M3:g}",
            f"PM2.5 经常高于 PM10×{PM_RATIO:g}+{PM_DIFFERENCE_UG_M3:g}",
        ),
        (
            NOX_RATIO,
            {"no", "no2", "nox"},
            NOX_LOW,
            NOX_HIGH,
            "NO + NO2 often differs from NOx by more than 30 %",
            "NO+NO2 与 NOx 经常相差 30 % 以上",
        ),
        (
            DEW_POINT_EXCESS,
            {"temperature", "dew_point"},
            None,
            MAX_DEW_POINT_EXCESS_DEGC,
            "the dew point is often above the temperature",
            "露点经常高于气温",
        ),
        (
            COMPONENTS_EXCESS,
            {"pm25", "sulfate"},
            None,
            0,
            f"the components often add up to more than PM2.5 x {COMPONENTS_RATIO:g} + {COMPONENTS_DIFFERENCE_UG_M3:g}",
            f"组分之和经常高于 PM2.5×{COMPONENTS_RATIO:g}+{COMPONENTS_DIFFERENCE_UG_M3:g}",
        ),
        (
            SHORT_WAVE_EXCESS,
            {"sw_out", "global_radiation"},
            None,
            MAX_SHORT_WAVE_EXCESS_W_M2,
            "reflected radiation is often above the incoming",
            "反射辐射经常高于入射辐射",
        ),
    ]
    for column, needed, low, high, en, zh in table:
        if needed <= codes:
            yield Expectation(
                id=column,
                type=BETWEEN,
                kwargs={"column": column, "min_value": low, "max_value": high, "mostly": RELATION_SHARE},
                severity=ExpectationSeverity.WARNING,
                columns=(column,),
                en=en,
                zh=zh,
            )


def _screens() -> Iterator[Expectation]:
    """Two counts in place of hundreds of bounds of single columns; `qc.gate.outcome.screen` computes them."""
    table = (
        ("limits", BROKEN_LIMITS, "limits of columns are broken", "有列超出限值"),
        ("levels", BROKEN_LEVELS, "medians of parameters are implausible", "有参数的中位数不合理"),
    )
    for name, column, en, zh in table:
        yield Expectation(
            id=name,
            type=BETWEEN,
            kwargs={"column": column, "max_value": 0},
            severity=ExpectationSeverity.WARNING,
            columns=(column,),
            en=en,
            zh=zh,
        )


def _range(item: Parameter) -> Iterator[Expectation]:
    if item.range_min is None and item.range_max is None:
        return
    yield Expectation(
        id=f"{item.parameter}.range",
        type=BETWEEN,
        kwargs={"column": item.parameter, "min_value": item.range_min, "max_value": item.range_max},
        severity=ExpectationSeverity.CRITICAL,
        columns=(item.parameter,),
        en=f"a valid hour of {item.name_en} is outside its physical range [{item.unit}]",
        zh=f"{item.name_zh}的有效小时值超出物理范围 [{item.unit}]",
    )


def _level(item: Parameter, network: str) -> Iterator[Expectation]:
    """The middle of a batch lies in the plausible range; it does not where a unit was mistaken."""
    # No station has an empty id and no month is 0, so only limits without either are found: those of every place and season.
    limit = load_thresholds(_KINDS).find(GrossRangeLimit, item.parameter, network=network, station_id="", month=0)
    if limit is None:
        return
    yield Expectation(
        id=f"{item.parameter}.level",
        type=MEDIAN,
        kwargs={"column": item.parameter, "min_value": limit.suspect_min, "max_value": limit.suspect_max},
        severity=ExpectationSeverity.WARNING,
        columns=(item.parameter,),
        en=f"the median of {item.name_en} is implausible, perhaps a wrong unit [{item.unit}]",
        zh=f"{item.name_zh}的中位数不合理，单位可能有误 [{item.unit}]",
    )


if __name__ == "__main__":
    for code in NetworkCode:
        (DIRECTORY / f"{code}.json").write_text(network_json(code), encoding="utf-8")
