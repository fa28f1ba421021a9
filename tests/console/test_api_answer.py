"""Answers of the API made of series and flags, without a server."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from console.api import _series_csv, _series_json
from console.view.query import Level, SeriesQuery
from console.view.series import Series, flag_rows, hourly_series, native_series
from tests.console.build import NOW, flags, hours, instrument, verdicts

if TYPE_CHECKING:
    from fastapi import Response

QUERY = SeriesQuery(
    stations=("a-1",), parameters=("pm25",), start=NOW - timedelta(hours=2), end=NOW, level=Level.HOURLY
)
FRAME = pd.DataFrame({"pm25": [1.0, 2.0]}, index=hours(2))
PAIR = [instrument("gas1", parameters=("pm25",)), instrument("gas2", parameters=("pm25",))]


def series() -> list[Series]:
    """PM2.5 of one station by two networks, of which one has two instruments, hourly and native."""
    empty = flags()
    return [
        hourly_series("a-1", "pm25", FRAME, empty, expected=60, network="gas", instruments=PAIR),
        hourly_series("a-1", "pm25", FRAME * 2, empty, expected=1, network="pm", instruments=[instrument("pm1")]),
        native_series("a-1", "gas1", "pm25", FRAME, verdicts(empty), network="gas"),
        native_series("a-1", "gas2", "pm25", FRAME, verdicts(empty), network="gas"),
    ]


def body(answer: Response) -> str:
    return bytes(answer.body).decode("utf-8-sig")


def test_no_two_values_of_a_csv_share_a_key() -> None:
    rows = list(csv.DictReader(io.StringIO(body(_series_csv(QUERY, series())))))
    keys = [tuple(row[name] for name in ("start", "station", "network", "instrument", "parameter")) for row in rows]
    assert (len(keys), len(set(keys))) == (8, 8)
    assert {key[2:4] for key in keys} == {("gas", "gas1+gas2"), ("pm", "pm1"), ("gas", "gas1"), ("gas", "gas2")}


def test_no_two_series_of_a_json_answer_share_a_key() -> None:
    found = json.loads(body(_series_json(QUERY, series())))["series"]
    assert len({(item["station"], item["network"], item["instrument"], item["parameter"]) for item in found}) == 4


def test_a_flag_names_its_network_and_the_end_of_what_it_covers() -> None:
    start = hours(1)[0]
    records = flags((start, "a-1", None, "o3", "spike", 3, "jump")).assign(
        network="gas", end=pd.to_datetime([start + timedelta(hours=1)])
    )
    (row,) = flag_rows(records)
    assert (row["network"], row["end"]) == ("gas", (start + timedelta(hours=1)).to_pydatetime())
