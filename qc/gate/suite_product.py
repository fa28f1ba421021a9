"""Expectations of products, stored as suites ``schemas/expectations/<product>.json`` like those of networks.

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
from qc.gate.expectation import Expectation, column_set, has_rows, of_column, to_json, unique
from qc.gate.suite import DIRECTORY
from schemas.gate import ExpectationSeverity

if TYPE_CHECKING:
    from collections.abc import Iterator


class ProductColumn(NamedTuple):
    """A column of a product: unit, bounds (project defaults; AQI: HJ 633), and the message of a failure."""

    name: str
    unit: str
    low: float | None
    high: float | None
    message: str = "bounds"


_AQI = (
    ProductColumn("aqi", "1", 0, 500),
    ProductColumn("aqi_computed", "1", 0, 500),
    ProductColumn("level", "1", 1, 6),
    ProductColumn("complete", "1", 0, 1),
    ProductColumn(AQI_GAP, "1", None, 0, AQI_GAP),
    ProductColumn(IAQI_GAP, "1", None, 1, IAQI_GAP),
)
COLUMNS: dict[str, tuple[ProductColumn, ...]] = {
    "aqi_hourly": _AQI,
    "aqi_daily": _AQI,
    "copollution_daily": (
        ProductColumn("pm25", "ug/m3", 0, 2000),
        ProductColumn("o3_mda8", "ug/m3", 0, 1000),
        ProductColumn("joint", "1", 0, 1),
        ProductColumn(JOINT_GAP, "1", None, 0, JOINT_GAP),
    ),
    "forecast_hourly": (
        ProductColumn("value", "ug/m3", -5, 2000),
        ProductColumn("horizon_h", "h", 1, 72),
        ProductColumn(DISORDER, "ug/m3", None, 0, DISORDER),
    ),
    ATTRIBUTION: (
        ProductColumn(STATEMENTS, "1", 1, None, STATEMENTS),
        ProductColumn(UNTRANSLATED, "1", None, 0, UNTRANSLATED),
    ),
}
MIN_SHARE_PRESENT = 0.75
"""Expected rows of a product that should exist [1]; project default."""
#: Age of the newest row against the end of the batch that is still fresh [h]; project defaults.
_FRESH_H = {"aqi_hourly": 6, "aqi_daily": 48, "copollution_daily": 48, "forecast_hourly": 6}
#: Severity of an absent product: forecasts begin once there is history, attributions need an exceedance.
_ABSENT = {**dict.fromkeys(PRODUCTS, ExpectationSeverity.CRITICAL), "forecast_hourly": ExpectationSeverity.WARNING}
_KEYS = {"forecast_hourly": ["station_id", "parameter", "start"], ATTRIBUTION: ["station_id", "parameter", "start"]}


def describe_product(product: str) -> list[Expectation]:
    """All expectations of a product: schema, bounds, cross-field, completeness, freshness."""
    columns = COLUMNS[product]
    key = _KEYS.get(product, ["station_id", "start"])
    derived = {AQI_GAP, IAQI_GAP, JOINT_GAP, DISORDER}
    stored = [item.name for item in columns if item.name not in derived]
    return [
        column_set([*key, *stored], ExpectationSeverity.CRITICAL, "product_columns"),
        unique("unique_rows", key),
        *_delivery(product),
        *(_bounds(item) for item in columns),
    ]


def _delivery(product: str) -> Iterator[Expectation]:
    if PRODUCTS[product] is None:
        return
    soft = ExpectationSeverity.WARNING
    yield has_rows(_ABSENT[product], "product_rows")
    share = {"min_value": MIN_SHARE_PRESENT, "max_value": None}
    yield of_column("product.completeness", SHARE_PRESENT, soft, ("product_completeness", {}), share)
    age = {"min_value": None, "max_value": _FRESH_H[product]}
    yield of_column("product.freshness", AGE, soft, ("product_freshness", {}), age)


def _bounds(item: ProductColumn) -> Expectation:
    message = (item.message, {"column": item.name, "unit": item.unit})
    bounds = {"min_value": item.low, "max_value": item.high}
    return of_column(f"product.{item.name}", item.name, ExpectationSeverity.CRITICAL, message, bounds)


def product_json(product: str) -> str:
    """The suite of a product in JSON."""
    return to_json(product, describe_product(product), {item.name: item.unit for item in COLUMNS[product]})


if __name__ == "__main__":
    for name in PRODUCTS:
        (DIRECTORY / f"{name}.json").write_text(product_json(name), encoding="utf-8")
