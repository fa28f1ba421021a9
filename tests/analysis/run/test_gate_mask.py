"""Hours of held batches stay out of products, and the products say so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.run.case import cases_of_span
from analysis.run.coanalysis.daily import coanalyse
from analysis.run.gate_mask import held_hours, held_note, without_held
from schemas.reason import Reason, encode_reason
from store.influx.store import InfluxStore
from store.state import GateDecision, GateOutcome, GateResult, GateRuling, HeldBatch, StateStore
from tests.analysis.frames import START, episode_start
from tests.analysis.run.test_job import END, filled  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from store.settings import SharedSettings

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
REASON = encode_reason(Reason("has_rows", "value", scope="gate"))
FAILURE = {"id": "has_rows", "severity": "critical", "reason": REASON}


def batch(first: int, last: int, network: str = "gas") -> HeldBatch:
    return HeldBatch(
        id=1, network=network, start=BEGIN + first * HOUR, end=BEGIN + last * HOUR, detail={"failures": [FAILURE]},
        run_id=None, created_at=BEGIN,
    )  # fmt: skip


def frame() -> pd.DataFrame:
    index = pd.date_range(BEGIN, periods=6, freq="h", unit="us", name="start")
    return pd.DataFrame({"o3": 1.0, "o3__n": 60, "o3__flag": np.int8(1)}, index=index)


def test_held_hours_count_as_missing_and_others_stay() -> None:
    given = {"gas": {"s1": frame()}, "voc": {"s1": frame()}}
    found = without_held(given, [batch(2, 4), batch(3, 5)])
    assert found["gas"]["s1"]["o3"].notna().tolist() == [True, True, False, False, False, True]
    pd.testing.assert_frame_equal(found["voc"]["s1"], frame())
    pd.testing.assert_frame_equal(given["gas"]["s1"], frame())


@pytest.mark.parametrize("held", [[], [batch(10, 20)]])
def test_nothing_is_left_out_where_nothing_is_held(held: list[HeldBatch]) -> None:
    assert without_held({"gas": {"s1": frame()}}, held)["gas"]["s1"].equals(frame())
    assert held_hours(pd.DatetimeIndex(frame().index), held).sum() == 0


def test_the_note_names_batch_and_failures() -> None:
    (note,) = held_note([batch(0, 24)])
    assert (note["network"], note["start"]) == ("gas", BEGIN.isoformat())
    assert note["failures"] == [{"reason": REASON}]


@pytest.mark.integration
def test_products_are_made_without_held_hours_until_they_are_released(filled: SharedSettings) -> None:  # noqa: F811
    first = datetime(2026, 5, 20, 2, tzinfo=UTC)
    result = GateResult(
        network="gas", start=first, end=first + 8 * HOUR, outcome=GateOutcome.HOLD, detail={"failures": [FAILURE]}
    )
    with StateStore(filled.state_url) as state:
        number = state.gate.add_result(result)
        summary = coanalyse(filled, date(2026, 5, 20), date(2026, 5, 20), END)
        assert summary.held_batches == 1
        (document,) = state.documents.list("copollution", prefix="st-1/")
        assert document.body["held"][0]["id"] == number
        store = InfluxStore(filled)
        daily = store.read_product("aqi_daily", START, END, "st-1")
        assert daily["held_hours"].tolist() == [8.0]
        assert daily["pm25_hours"].tolist() == [16.0]
        assert store.read_product("aqi_hourly", START, END, "st-1")["held"].sum() == 8
        decision = GateDecision(result_id=number, ruling=GateRuling.RELEASE, who="li", note="dust", at=END)
        state.gate.decide(decision)
        assert coanalyse(filled, date(2026, 5, 20), date(2026, 5, 20), END).held_batches == 0
        again = store.read_product("aqi_daily", START, END, "st-1")
        assert (again["pm25_hours"].tolist(), again["held_hours"].tolist()) == ([24.0], [0.0])
        assert store.read_product("aqi_hourly", START, END, "st-1")["held"].eq(0).all()
        store.close()
        assert "held" not in state.documents.list("copollution", prefix="st-1/")[0].body


@pytest.mark.integration
def test_a_case_file_says_what_it_was_made_without(filled: SharedSettings) -> None:  # noqa: F811
    before = episode_start() - 30 * HOUR
    with StateStore(filled.state_url) as state:
        state.gate.add_result(GateResult(network="voc", start=before, end=before + HOUR, outcome=GateOutcome.HOLD))
        summary = cases_of_span(filled, episode_start(), END, END)
        document = state.documents.get("case", summary.keys[0])
    assert document is not None
    assert [item["network"] for item in document.body["held"]] == ["voc"]
