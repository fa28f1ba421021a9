"""What the gate expects of products, kept as suites ``schemas/expectations/<product>.json`` like those of networks.

Made by ``python -m qc.gate.suite_product``; a test compares the files with this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qc.gate.batch import AGE
from qc.gate.batch_product import (
    AQI_GAP,
    ATTRIBUTION,
    DISORDER,
    IAQI_GAP,
    JOINT_GAP,
    PRODUCTS,
    SHARE_PRESENT,
    STATEMENTS,
    UNTRANSLATED,
)
from qc.gate.expectation import BETWEEN, Expectation, ExpectationSeverity, to_json
from qc.gate.suite import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator


class ProductColumn(NamedTuple):
    """A column of a product: unit, bounds (project defaults unless the words name a standard), what breaks them."""

    name: str
    unit: str
    low: float | None
    high: float | None
    en: str
    zh: str


_AQI = (
    ProductColumn(
        "aqi", "1", 0, 500, "a published AQI is outside 0 to 500 (HJ 633)", "发布的 AQI 不在 0～500（HJ 633）"
    ),
    ProductColumn(
        "aqi_computed", "1", 0, 500, "a computed AQI is outside 0 to 500 (HJ 633)", "计算的 AQI 不在 0～500（HJ 633）"
    ),
    ProductColumn("level", "1", 1, 6, "a level is not one of 1 to 6", "级别不在 1～6"),
    ProductColumn("complete", "1", 0, 1, "completeness is not 0 or 1", "完整标记不是 0 或 1"),
    ProductColumn(AQI_GAP, "1", None, 0, "a published AQI differs from the computed one", "发布的 AQI 与计算值不同"),
    ProductColumn(IAQI_GAP, "1", None, 1, "the AQI is not the largest IAQI", "AQI 不等于最大的 IAQI"),
)
COLUMNS: dict[str, tuple[ProductColumn, ...]] = {
    "aqi_hourly": _AQI,
    "aqi_daily": _AQI,
    "copollution_daily": (
        ProductColumn(
            "pm25", "ug/m3", 0, 2000, "a daily mean of PM2.5 is outside 0 to 2000", "PM2.5 日均值不在 0～2000"
        ),
        ProductColumn("o3_mda8", "ug/m3", 0, 1000, "an MDA8 of ozone is outside 0 to 1000", "臭氧 MDA8 不在 0～1000"),
        ProductColumn("joint", "1", 0, 1, "joint exceedance is not 0 or 1", "协同超标标记不是 0 或 1"),
        ProductColumn(JOINT_GAP, "1", None, 0, "joint exceedance contradicts its parts", "协同超标与单项超标矛盾"),
    ),
    "forecast_hourly": (
        ProductColumn("value", "ug/m3", -5, 2000, "a forecast is outside -5 to 2000", "预报值不在 -5～2000"),
        ProductColumn("horizon_h", "h", 1, 24, "a horizon is outside 1 to 24 h", "预报时效不在 1～24 小时"),
        ProductColumn(DISORDER, "ug/m3", None, 0, "quantiles are not in order", "分位数顺序错误"),
    ),
    ATTRIBUTION: (
        ProductColumn(STATEMENTS, "1", 1, None, "a document says nothing", "归因文档没有任何结论"),
        ProductColumn(UNTRANSLATED, "1", None, 0, "a statement lacks a language", "有结论缺少中文或英文"),
    ),
}
#: Age of the newest row against the end of the batch that is still fresh [h]; project defaults.
_FRESH_H = {"aqi_hourly": 6, "aqi_daily": 48, "copollution_daily": 48, "forecast_hourly": 6}
#: What the absence of a product means: forecasts begin once there is history, attributions need an exceedance.
_ABSENT = {**dict.fromkeys(PRODUCTS, ExpectationSeverity.CRITICAL), "forecast_hourly": ExpectationSeverity.WARNING}
_KEYS = {"forecast_hourly": ["station_id", "parameter", "start"], ATTRIBUTION: ["station_id", "parameter", "start"]}


def describe_product(product: str) -> list[Expectation]:
    """All expectations of a product: schema, bounds, cross-field, completeness, freshness."""
    columns = COLUMNS[product]
    key = _KEYS.get(product, ["station_id", "start"])
    derived = {AQI_GAP, IAQI_GAP, JOINT_GAP, DISORDER}
    stored = [item.name for item in columns if item.name not in derived]
    return [
        Expectation(
            id="columns",
            type="expect_table_columns_to_match_set",
            kwargs={"column_set": [*key, *stored], "exact_match": False},
            severity=ExpectationSeverity.CRITICAL,
            columns=(),
            en="a column of the product is missing",
            zh="产品缺少应有的列",
        ),
        Expectation(
            id="unique_rows",
            type="expect_compound_columns_to_be_unique",
            kwargs={"column_list": key},
            severity=ExpectationSeverity.CRITICAL,
            columns=tuple(key),
            en="a row of the product is there twice",
            zh="产品存在重复行",
        ),
        *_delivery(product),
        *(
            Expectation(
                id=f"product.{item.name}",
                type=BETWEEN,
                kwargs={"column": item.name, "min_value": item.low, "max_value": item.high},
                severity=ExpectationSeverity.CRITICAL,
                columns=(item.name,),
                en=f"{item.en} [{item.unit}]",
                zh=f"{item.zh} [{item.unit}]",
            )
            for item in columns
        ),
    ]


def _delivery(product: str) -> Iterator[Expectation]:
    if PRODUCTS[product] is None:
        return
    yield Expectation(
        id="has_rows",
        type="expect_table_row_count_to_be_between",
        kwargs={"min_value": 1},
        severity=_ABSENT[product],
        columns=(),
        en="the product has no row",
        zh="产品没有任何数据",
    )
    table = (
        ("completeness", SHARE_PRESENT, 0.75, None, "a quarter of the rows or more is missing", "缺少四分之一以上的行"),
        ("freshness", AGE, None, _FRESH_H[product], "the newest row is old", "最新一行已过时"),
    )
    for name, column, low, high, en, zh in table:
        yield Expectation(
            id=f"product.{name}",
            type=BETWEEN,
            kwargs={"column": column, "min_value": low, "max_value": high},
            severity=ExpectationSeverity.WARNING,
            columns=(column,),
            en=en,
            zh=zh,
        )


def product_json(product: str) -> str:
    """The suite of a product in JSON."""
    return to_json(product, describe_product(product), {item.name: item.unit for item in COLUMNS[product]})


if __name__ == "__main__":
    for name in PRODUCTS:
        (DIRECTORY / f"{name}.json").write_text(product_json(name), encoding="utf-8")
