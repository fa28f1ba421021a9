from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from console.view.query import SeriesQueryError, parse_series
from store.archive.option import Level
from tests.console.build import NOW, network, station

NETWORK = network(station("a-1"), station("b-1"))


def test_without_words_it_is_the_last_24_hours_of_hourly_means() -> None:
    query = parse_series({}, NETWORK, NOW)
    assert (query.end, query.end - query.start, query.level) == (NOW, timedelta(hours=24), Level.HOURLY)


@pytest.mark.parametrize(
    "given",
    [
        {"station": "a-1,b-1", "parameter": "o3,pm25", "period": "7d"},
        {
            "station": "a-1",
            "parameter": "o3",
            "from": "2026-11-01T00:00:00Z",
            "to": "2026-11-02T12:30:00Z",
            "level": "native",
        },
        {"station": "a-1", "parameter": "o3", "period": "3d", "to": "2026-11-02T00:00:00Z"},
    ],
)
def test_an_address_holds_the_whole_query(given: dict[str, str]) -> None:
    query = parse_series(given, NETWORK, NOW)
    assert parse_series(dict(parse_qsl(urlsplit(query.address()).query)), NETWORK, NOW) == query


def test_a_bare_date_is_a_civil_day_of_the_network_and_includes_the_last() -> None:
    query = parse_series({"from": "2026-11-20", "to": "2026-11-20"}, NETWORK, NOW)
    assert (query.start.isoformat(), query.end - query.start) == ("2026-11-19T16:00:00+00:00", timedelta(days=1))


def test_a_plus_that_arrived_as_a_blank_is_understood() -> None:
    query = parse_series({"from": "2026-11-20T08:00:00 08:00"}, NETWORK, NOW)
    assert query.start.isoformat() == "2026-11-20T00:00:00+00:00"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"station": "nowhere"}, "station"),
        ({"parameter": "unobtainium"}, "parameter"),
        ({"from": "yesterday"}, "from"),
        ({"from": "9999-12-31T23:59:59-23:00"}, "from"),
        ({"from": "2026-11-20", "to": "2026-11-19"}, "to"),
        ({"level": "raw"}, "level"),
        ({"period": "5y"}, "period"),
        ({"from": "2020-01-01", "level": "native"}, "from"),
        (
            {
                "station": "a-1,b-1",
                "parameter": "o3,no2,so2,co,no,nox,pm10,pm25,pm1,oc,ec,bc,rain",
            },
            "parameter",
        ),
    ],
)
def test_a_wrong_word_is_named_with_what_was_expected(given: dict[str, str], field: str) -> None:
    with pytest.raises(SeriesQueryError) as caught:
        parse_series(given, NETWORK, NOW)
    assert caught.value.field == field
    assert caught.value.expected


def test_what_was_expected_is_written_in_the_language_of_the_page() -> None:
    with pytest.raises(SeriesQueryError, match="expected one of 24h, 3d, 7d, 30d") as caught:
        parse_series({"period": "5y"}, NETWORK, NOW)
    assert caught.value.expected_in("zh") == "以下之一：24h, 3d, 7d, 30d"
