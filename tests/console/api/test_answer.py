"""Answers of the API made of series and flags: keys, parts and bounds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.api.answer import csv_answer
from console.api.series import ROW_COLUMNS, series_rows
from console.query.flag_reader import FlagReader
from console.view.part import MOST, MOST_DRAWN, check_drawn, parse_limit, parts, split, values_per_hour
from console.view.query import SeriesQuery, SeriesQueryError, parse_series
from console.view.series import PlotSeries, flag_rows, hourly_series, native_series
from schemas.flag import Flag
from store.archive.option import Level
from store.influx.store import Bucket, InfluxStore
from tests.console.build import NOW, flags, hours, instrument, network, station, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.settings import SharedSettings

HOUR = timedelta(hours=1)
FRAME = pd.DataFrame({"pm25": [1.0, 2.0]}, index=hours(2))
PAIR = [instrument("gas1", parameters=("pm25",)), instrument("gas2", parameters=("pm25",))]
NETWORK = network(station("a-1", *PAIR, instrument("pm1", network="pm", cadence_s=3600, parameters=("pm25",))))


def query(length: timedelta, level: Level = Level.HOURLY, *, parameters: tuple[str, ...] = ("pm25",)) -> SeriesQuery:
    return SeriesQuery(stations=("a-1",), parameters=parameters, start=NOW - length, end=NOW, level=level)


def series() -> list[PlotSeries]:
    """PM2.5 of one station by two networks, of which one has two instruments, hourly and native."""
    empty = flags()
    return [
        hourly_series("a-1", "pm25", FRAME, empty, expected=60, network="gas", instruments=PAIR),
        hourly_series("a-1", "pm25", FRAME * 2, empty, expected=1, network="pm", instruments=[instrument("pm1")]),
        native_series("a-1", "gas1", "pm25", FRAME, verdicts(empty), network="gas"),
        native_series("a-1", "gas2", "pm25", FRAME, verdicts(empty), network="gas"),
    ]


def test_no_two_values_share_a_key() -> None:
    rows = list(series_rows(series()))
    keys = {tuple(row[name] for name in ("start", "station", "network", "instrument", "parameter")) for row in rows}
    assert (len(rows), len(keys)) == (8, 8)
    assert set(rows[0]) == set(ROW_COLUMNS)
    assert {key[2:4] for key in keys} == {("gas", "gas1+gas2"), ("pm", "pm1"), ("gas", "gas1"), ("gas", "gas2")}


def test_a_flag_names_its_network_and_the_end_of_what_it_covers() -> None:
    start = hours(1)[0]
    records = flags((start, "a-1", None, "o3", "spike", 3, "jump")).assign(
        network="gas", end=pd.to_datetime([start + timedelta(hours=1)])
    )
    (row,) = flag_rows(records)
    assert (row["network"], row["end"]) == ("gas", (start + timedelta(hours=1)).to_pydatetime())


def test_values_an_hour_are_counted_by_cadence_instrument_and_network() -> None:
    assert values_per_hour(query(HOUR), NETWORK) == 2
    assert values_per_hour(query(HOUR, Level.NATIVE), NETWORK) == 121
    assert values_per_hour(query(HOUR, parameters=("o3",)), NETWORK) == 0


@hypothesis_settings(deadline=None)
@given(st.integers(1, 40_000), st.integers(1, 5_000), st.sampled_from(list(Level)))
def test_the_parts_of_a_query_follow_each_other_and_are_bounded(minutes: int, limit: int, level: Level) -> None:
    asked = query(timedelta(minutes=minutes), level)
    found = list(parts(asked, NETWORK, limit))
    assert (found[0].start, found[-1].end) == (asked.start, asked.end)
    assert all(one.end == two.start for one, two in pairwise(found))
    longest = max(HOUR, limit / values_per_hour(asked, NETWORK) * HOUR)
    assert all(item.end - item.start <= longest for item in found)


def test_the_address_of_the_rest_asks_for_exactly_the_rest() -> None:
    part = split(query(timedelta(days=400)), NETWORK, 1_000)
    assert part.rest is not None
    words = dict(parse_qsl(urlsplit(part.rest.address("/api/v1/series", limit="1000")).query))
    again = parse_series(words, NETWORK, NOW + HOUR)
    assert (again.start, again.end, words["limit"]) == (part.query.end, NOW, "1000")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", str(MOST + 1), "１０"])
def test_a_wrong_limit_is_named(text: str) -> None:
    with pytest.raises(SeriesQueryError, match=f"limit: .*1 to {MOST}"):
        parse_limit({"limit": text})


def test_a_plot_of_too_many_values_is_refused_with_what_would_do() -> None:
    check_drawn(query(timedelta(days=3_000)), NETWORK)
    with pytest.raises(SeriesQueryError, match=f"at most {MOST_DRAWN} values"):
        check_drawn(query(timedelta(days=31 * 12), Level.NATIVE), NETWORK)


def test_the_first_part_of_a_csv_is_read_before_it_is_answered() -> None:
    def broken() -> Iterator[list[dict[str, object]]]:
        raise LookupError
        yield []

    with pytest.raises(LookupError):
        csv_answer(("a",), broken(), "x.csv")


@pytest.fixture
def stored(settings: SharedSettings) -> Iterator[InfluxStore]:
    with closing(InfluxStore(settings)) as store:
        store.ensure()
        yield store


def write_flags(store: InfluxStore, code: str, starts: list[datetime], tests: int = 1) -> None:
    rows = [(at, "a-1", None, "o3", f"t{step}", Flag.SUSPECT, "why") for at in starts for step in range(tests)]
    store.write_flags(Bucket.HOURLY, code, flags(*rows).astype({"flag": "int8"}))


@pytest.mark.integration
@pytest.mark.parametrize("limit", [1, 7, 40, 1_000])
def test_every_verdict_of_ten_years_comes_once_whatever_the_limit(stored: InfluxStore, limit: int) -> None:
    burst = [NOW - timedelta(days=900) + step * HOUR for step in range(20)]
    write_flags(stored, "gas", [NOW - timedelta(days=3_600), *burst, NOW - 2 * HOUR])
    write_flags(stored, "rad", [NOW - timedelta(days=900)], tests=12)
    asked = SeriesQuery(stations=(), parameters=(), start=NOW - timedelta(days=3_650), end=NOW, level=Level.HOURLY)
    rest: SeriesQuery | None = asked
    keys = list[tuple[object, ...]]()
    with ThreadPoolExecutor(4) as threads:
        reader = FlagReader(stored, threads)
        while rest is not None:
            part, frame = reader.first(rest, limit)
            columns = (frame[name] for name in ("start", "network", "test")) if len(frame) else ([], [], [])
            found = list(zip(*columns, strict=True))
            assert len(found) <= max(limit, 13)
            keys += found
            rest = part.rest
        whole = [len(frame) for _, frame in reader.pieces(asked)]
    assert (len(keys), len(set(keys)), sum(whole)) == (34, 34, 34)
    assert len(whole) < 60
