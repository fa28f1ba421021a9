"""Suites of products: a faulty product is held or reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from qc.gate import gate
from qc.gate.batch_product import PRODUCTS, ended, make_product_batch
from qc.gate.suite import DIRECTORY
from qc.gate.suite_product import describe_product, product_json
from qc.run.gate.suite_file import read_suite
from schemas.message import NetworkCode
from schemas.network import Instrument, Network, Station
from store.state import GateOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 6, 1, 16, tzinfo=UTC)
END = START + timedelta(days=2)
GAS = Instrument(id="a", network=NetworkCode.GAS, cadence_s=60, parameters=("o3", "pm25"))
NETWORK = Network(zone="Asia/Shanghai", station_list=tuple(Station(id=f"s{at}", instruments=(GAS,)) for at in range(2)))


def days(**columns: Any) -> pd.DataFrame:
    rows = [(f"s{at}", pd.Timestamp(START) + pd.Timedelta(days=day)) for at in range(2) for day in range(2)]
    return pd.DataFrame(rows, columns=["station_id", "start"]).assign(**columns)


def aqi() -> pd.DataFrame:
    return days(aqi=80.0, aqi_computed=80.0, level=2.0, complete=1.0, iaqi_pm25_24h=80.0, iaqi_o3_8h=40.0)


def joint() -> pd.DataFrame:
    return days(pm25=40.0, o3_mda8=170.0, pm25_exceeds=0.0, o3_exceeds=1.0, joint=0.0)


def forecast() -> pd.DataFrame:
    index = pd.date_range(START, END, freq="h", inclusive="left")
    rows = [(name, code, start) for name in ("s0", "s1") for code in ("pm25", "o3") for start in index]
    frame = pd.DataFrame(rows, columns=["station_id", "parameter", "start"])
    return frame.assign(value=50.0, q10=30.0, q90=80.0, mean=51.0, horizon_h=3.0)


def documents() -> pd.DataFrame:
    return days(parameter="pm25", statements=3, untranslated=0)


GOOD: dict[str, Callable[[], pd.DataFrame]] = {
    "aqi_hourly": lambda: aqi().iloc[:0],
    "aqi_daily": aqi,
    "copollution_daily": joint,
    "forecast_hourly": forecast,
    "attribution": documents,
}


def report_of(product: str, table: pd.DataFrame) -> gate.GateReport:
    batch = make_product_batch(table, NETWORK, read_suite(product), (START, END), END)
    return gate.evaluate(batch, read_suite(product), None).report


@pytest.mark.parametrize("product", PRODUCTS)
def test_stored_suite_is_what_the_description_makes(product: str) -> None:
    assert (DIRECTORY / f"{product}.json").read_text(encoding="utf-8") == product_json(product)
    assert list(read_suite(product).expectations) == describe_product(product)


@pytest.mark.parametrize("product", [name for name in PRODUCTS if name != "aqi_hourly"])
def test_sound_products_pass(product: str) -> None:
    report = report_of(product, GOOD[product]())
    assert (report.result, report.failures) == (GateOutcome.PASS, ())


@pytest.mark.parametrize(
    ("product", "change", "failed"),
    [
        (
            "aqi_daily",
            {"aqi": 600.0, "aqi_computed": 600.0, "iaqi_pm25_24h": 600.0},
            ["product.aqi", "product.aqi_computed"],
        ),
        ("aqi_daily", {"aqi": 70.0}, ["product.aqi_gap"]),
        ("aqi_daily", {"iaqi_o3_8h": 120.0}, ["product.iaqi_gap"]),
        ("aqi_daily", {"level": 7.0}, ["product.level"]),
        ("copollution_daily", {"joint": 1.0}, ["product.joint_gap"]),
        ("copollution_daily", {"pm25": -1.0}, ["product.pm25"]),
        ("forecast_hourly", {"q90": 40.0}, ["product.quantile_disorder"]),
        ("forecast_hourly", {"value": np.inf, "q90": np.inf}, ["product.value"]),
        ("attribution", {"statements": 0}, ["product.statements"]),
        ("attribution", {"untranslated": 1}, ["product.untranslated"]),
    ],
)
def test_a_product_that_contradicts_itself_is_held(product: str, change: dict[str, float], failed: list[str]) -> None:
    report = report_of(product, GOOD[product]().assign(**change))
    assert report.result is GateOutcome.HOLD
    assert [item.id for item in report.failures] == failed


def test_missing_and_duplicate_rows_fail() -> None:
    half = report_of("aqi_daily", aqi().iloc[:2])
    assert (half.result, [item.id for item in half.failures]) == (GateOutcome.WARN, ["product.completeness"])
    twice = report_of("aqi_daily", pd.concat([aqi(), aqi()]))
    assert [item.id for item in twice.failures] == ["unique_rows"]


@pytest.mark.parametrize(
    ("product", "result", "failed"),
    [
        ("aqi_daily", GateOutcome.HOLD, ["has_rows"]),
        ("forecast_hourly", GateOutcome.WARN, ["has_rows"]),
        ("attribution", GateOutcome.PASS, []),
    ],
)
def test_an_absent_product_fails_unless_none_was_expected(product: str, result: GateOutcome, failed: list[str]) -> None:
    report = report_of(product, pd.DataFrame())
    assert (report.result, [item.id for item in report.failures]) == (result, failed)


def test_a_column_that_is_missing_holds() -> None:
    report = report_of("aqi_daily", aqi().drop(columns="level"))
    assert (report.result, [item.id for item in report.failures]) == (GateOutcome.HOLD, ["columns"])


def test_an_old_product_fails_freshness() -> None:
    batch = make_product_batch(
        aqi(), NETWORK, read_suite("aqi_daily"), (START, END + timedelta(days=9)), END + timedelta(days=9)
    )
    assert "product.freshness" in [
        item.id for item in gate.evaluate(batch, read_suite("aqi_daily"), None).report.failures
    ]


def test_a_day_that_is_not_over_is_no_part_of_a_batch() -> None:
    table = pd.DataFrame({"start": [START, START + timedelta(days=1)], "aqi": [80.0, float("nan")]})
    assert ended(table, 24, START + timedelta(days=1) + timedelta(hours=3))["start"].tolist() == [START]
    assert len(ended(table, None, START)) == 2
    assert ended(table.iloc[:0], 24, START).empty
