"""What a later write leaves of an earlier one, and the history of flags."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from store.influx.native_digest import NO_DATA, day_digests
from store.influx.store import InfluxStore
from store.state import LimitSnapshot, ReprocessDigest, StateStore

if TYPE_CHECKING:
    from store.settings import SharedSettings

START = datetime(2026, 6, 1, tzinfo=UTC)
SPAN = (START, START + timedelta(days=3))
RULE = LimitSnapshot(digest="r", test="spike", version="v", figures={"suspect": 1.0})


def change(number: int = 0) -> dict[str, object]:
    return {
        "level": "native", "network": "gas", "station_id": "s1", "instrument_id": "a", "parameter": "o3",
        "test": "spike", "start": START + timedelta(seconds=number), "flag": 3, "reason": "a leap", "flag_before": 1,
        "reason_before": "", "rule": "r", "run_id": "x",
    }  # fmt: skip


def product(*values: float) -> pd.DataFrame:
    index = pd.date_range(START, periods=len(values), freq="h", unit="us", name="start")
    return pd.DataFrame({"mda8": values, "aqi": [float(number) for number in range(len(values))]}, index=index)


@pytest.mark.integration
def test_a_product_that_becomes_nan_loses_its_old_number(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    store.ensure()
    store.write_product("ozone", "s1", product(1.0, 2.0))
    store.write_product("ozone", "s1", product(np.nan, 2.0))
    found = store.read_product("ozone", *SPAN)
    assert np.isnan(found["mda8"].iloc[0])
    assert (found["mda8"].iloc[1], found["aqi"].tolist()) == (2.0, [0.0, 1.0])
    store.write_product("ozone", "s1", product(3.0, 2.0))
    assert store.read_product("ozone", *SPAN)["mda8"].tolist() == [3.0, 2.0]
    store.close()


@pytest.mark.integration
def test_a_product_row_that_becomes_nan_goes(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    store.ensure()
    store.write_product("ozone", "s1", product(1.0, 2.0)[["mda8"]])
    store.write_product("ozone", "s1", product(np.nan, 2.0)[["mda8"]])
    assert store.read_product("ozone", *SPAN)["mda8"].tolist() == [2.0]
    store.close()


def test_changes_come_back_with_their_rule(state: StateStore) -> None:
    state.flag_history.add_changes([RULE], [change()])
    state.flag_history.add_changes([RULE], [change(1)])
    first, second = state.flag_history.list_changes(start=SPAN[0], end=SPAN[1], station_id="s1", parameter="o3")
    assert (first.version, first.figures, first.reason) == ("v", {"suspect": 1.0}, "a leap")
    later = state.flag_history.list_changes(start=SPAN[0], end=SPAN[1], recorded_after=first.recorded_at)
    assert later == [second]


@pytest.mark.slow
def test_a_hundred_thousand_changes_take_seconds(state: StateStore) -> None:
    rows = [change(number) for number in range(100_000)]
    began = time.perf_counter()
    state.flag_history.add_changes([RULE], rows)
    assert time.perf_counter() - began < 20


def test_an_hour_revised_twice_by_a_broken_run_is_kept_once(state: StateStore) -> None:
    row = {"network": "gas", "station_id": "s1", "parameter": "o3", "hour": START, "revision": 0, "value": 1.0}
    for value in (1.0, 2.0):
        state.flag_history.add_hours([{**row, "value": value, "count": 60, "flag": 1, "run_id": "x"}])
    (found,) = state.flag_history.list_hours(start=SPAN[0], end=SPAN[1])
    assert found.value == 1.0


def test_digests_of_months_are_replaced_and_deleted(state: StateStore) -> None:
    for rules in ("a", "b"):
        state.reprocess_digests.put(
            ReprocessDigest(
                network="gas", station_id="s1", month=START, rules=rules, days={"2026-06-01": "f"}, run_id="x"
            )
        )
    found = state.reprocess_digests.get("gas", "s1", START)
    assert found is not None
    assert (found.rules, found.days) == ("b", {"2026-06-01": "f"})
    assert state.reprocess_digests.forget("gas", ["s1"], START, START + timedelta(hours=1)) == 1
    assert state.reprocess_digests.get("gas", "s1", START) is None


def rows(*hours: int) -> bytes:
    base = int(START.timestamp()) * 1_000_000_000
    lines = [f"gas,,{base + hour * 3_600_000_000_000},a,{hour}.5" for hour in hours]
    return "\n".join(["name,tags,time,instrument,o3", *lines, ""]).encode()


def test_only_the_day_that_differs_has_another_digest() -> None:
    before, now = day_digests(rows(1, 25, 49), *SPAN), day_digests(rows(1, 26, 49), *SPAN)
    assert [before[day] == now[day] for day in sorted(now)] == [True, False, True]


def test_days_without_rows_are_marked() -> None:
    assert set(day_digests(b"", *SPAN).values()) == {NO_DATA}
    assert list(day_digests(rows(25), *SPAN).values())[0::2] == [NO_DATA, NO_DATA]
