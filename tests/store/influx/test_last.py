from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.influxql import newest
from store.influx.last import read_lasts
from store.influx.store import Bucket, InfluxStore

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 28, tzinfo=UTC)
AGES = {
    ("a", "i1"): timedelta(minutes=2),
    ("a", "i2"): timedelta(hours=10),
    ("b", "i1"): timedelta(days=40),
    ("c", "i1"): timedelta(days=2_000),
}
WANTED = {*AGES, ("d", "never")}


@pytest.fixture
def store(influx: InfluxStore) -> InfluxStore:
    minute = timedelta(minutes=1)
    readings = [
        Reading(
            "gas" if pair[0] == "a" else "rad",
            *pair,
            Interval(NOW - age - back, NOW - age - back + minute),
            {"o3": 1.0},
        )
        for pair, age in AGES.items()
        for back in (timedelta(), timedelta(days=1))
    ]
    influx.write_readings(readings)
    return influx


def lasts(store: InfluxStore, wanted: set[tuple[str, str]], asked: list[str]) -> dict[tuple[str, str], timedelta]:
    def ask(text: str) -> bytes:
        asked.append(text)
        return store._csv.ask(text, Bucket.NATIVE)

    frame = read_lasts(ask, ("gas", "rad"), wanted, NOW)
    rows = zip(frame["station_id"], frame["instrument_id"], frame["start"], strict=True)
    return {(station, instrument): NOW - start.to_pydatetime() for station, instrument, start in rows}


def test_the_last_reading_of_every_instrument_is_found_however_old(store: InfluxStore) -> None:
    assert lasts(store, WANTED, []) == AGES


def test_what_is_recent_costs_one_question_with_a_bound(store: InfluxStore) -> None:
    asked = list[str]()
    assert lasts(store, {("a", "i1")}, asked)["a", "i1"] == AGES["a", "i1"]
    assert len(asked) == 1
    assert "time >=" in asked[0]


def test_only_stations_not_found_are_searched_in_all_of_history(store: InfluxStore) -> None:
    asked = list[str]()
    lasts(store, WANTED, asked)
    unbounded = [text for text in asked if "time >=" not in text]
    assert unbounded == [newest(("gas", "rad"), None, ["c", "d"])]


def test_every_network_is_queried_at_once_and_each_instrument_comes_once(store: InfluxStore) -> None:
    frame = store.last_readings(("gas", "rad"), WANTED)
    assert list(zip(frame["station_id"], frame["instrument_id"], strict=True)) == sorted(AGES)


def test_a_name_cannot_break_out_of_its_quotes() -> None:
    assert newest(('g"as',), None, ["a' OR 1=1"]) == (
        'SELECT * FROM "g\\"as" WHERE ("station" = \'a\\\' OR 1=1\') GROUP BY station, instrument ORDER BY time DESC LIMIT 1'
    )


def test_counts_of_hours_come_without_their_means(store: InfluxStore) -> None:
    import pandas as pd

    index = pd.date_range(NOW - timedelta(hours=2), periods=2, freq="h", unit="us", name="start")
    hours = pd.DataFrame(
        {"o3": [1.0, 2.0], "o3__n": [60, 30], "o3__flag": [1, 1], "o3__completeness": [1.0, 0.5]}, index=index
    )
    store.write_hourly("gas", "a", hours.astype({"o3__flag": "int8"}))
    found = store.read_counts("gas", NOW - timedelta(hours=2), NOW, ["o3", "so2"])["a"]
    assert found["o3__n"].tolist() == [60.0, 30.0]
    assert found["o3__completeness"].tolist() == [1.0, 0.5]
    assert "o3" not in found


def test_the_newest_starts_of_a_network_are_searched_in_steps(
    store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = store._http.query_json

    def noted(question: str, bucket: Bucket) -> list[dict[str, object]]:
        asked.append(question)
        return ask(question, bucket)

    monkeypatch.setattr(store._http, "query_json", noted)
    wanted = {("gas" if pair[0] == "a" else "rad", *pair): age for pair, age in AGES.items()}
    found = store.newest_starts(wanted)
    assert found == {key: NOW - age for key, age in wanted.items()}
    assert all("time >=" in question for question in asked[:-1])
    assert "'c'" in asked[-1]
    assert "'a'" not in asked[-1]
