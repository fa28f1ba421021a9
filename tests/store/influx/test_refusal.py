"""What a real InfluxDB 1.x refuses: each line by its own reason, in few requests, without a line of others lost."""

from __future__ import annotations

import time

import pytest

from store.influx import retention
from store.influx.answer import Answer
from store.influx.http import InfluxHttp
from store.influx.store import Bucket, InfluxStore
from store.influx.write import MOST_REQUESTS

pytestmark = pytest.mark.integration
NOW = time.time_ns()
HOUR = 3_600_000_000_000


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lines of each write request."""
    sent: list[int] = []
    post = InfluxHttp.post_lines

    def counted(http: InfluxHttp, bucket: Bucket, body: bytes) -> Answer:
        sent.append(body.count(b"\n") + 1)
        return post(http, bucket, body)

    monkeypatch.setattr(InfluxHttp, "post_lines", counted)
    return sent


def keep_for(store: InfluxStore, span: str) -> None:
    database = store._http.database
    store._http.query_json(f'ALTER RETENTION POLICY native ON "{database}" DURATION {span} SHARD DURATION 1h')


def line(station: str, number: int, field: str = "so2=1", at: int = NOW) -> bytes:
    return f"gas,instrument=i,station={station} {field} {at + number}".encode()


def stored(store: InfluxStore, station: str) -> int:
    series = store._http.query_json(f"SELECT * FROM gas WHERE station = '{station}'", Bucket.NATIVE)
    return sum(len(item["values"]) for item in series)


def test_what_is_older_than_the_retention_is_refused_in_two_requests_and_later_in_none(
    store: InfluxStore, requests: list[int]
) -> None:
    keep_for(store, "2h")
    lines = [line("old" if n % 2 else "new", n, at=NOW - 5 * HOUR * (n % 2)) for n in range(4_000)]
    result = store.write_lines(Bucket.NATIVE, lines)
    assert (result.accepted, len(result.rejected), requests) == (2_000, 2_000, [4_000, 2_000])
    assert {item.index % 2 for item in result.rejected} == {1}
    assert all("points beyond retention policy" in item.reason for item in result.rejected)
    again = store.write_lines(Bucket.NATIVE, lines)
    assert (again.accepted, len(again.rejected), requests[2:]) == (2_000, 2_000, [2_000])
    assert stored(store, "new") == 2_000


def test_a_retention_that_was_made_longer_is_noticed(store: InfluxStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_for(store, "2h")
    old = [line("old", n, at=NOW - 5 * HOUR) for n in range(2)]
    assert len(store.write_lines(Bucket.NATIVE, old).rejected) == 2
    keep_for(store, "24h")
    monkeypatch.setattr(retention, "ASK_EVERY_S", 0.0)
    assert store.write_lines(Bucket.NATIVE, old).accepted == 2


def test_lines_near_the_limit_are_left_to_the_server_and_halved_by_time(
    store: InfluxStore, requests: list[int]
) -> None:
    keep_for(store, "2h")
    now = time.time_ns()  # the module was read minutes ago
    times = [now - 4 * HOUR + n * 30_000_000_000 for n in range(400)]
    lines = [line(f"st-{n % 7}", n, at=at) for n, at in enumerate(times)]
    lines.append(line("st-1", 0, at=now - 5 * HOUR))
    result = store.write_lines(Bucket.NATIVE, lines)
    rejected = {item.index for item in result.rejected}
    assert len(rejected) + result.accepted == 401
    # the server takes an old point with a young one of its shard, and refuses it alone
    assert sum(stored(store, f"st-{n}") for n in range(7)) >= result.accepted
    assert {400} < rejected < {400, *range(260)}
    assert len(requests) < 30


def test_a_field_of_another_type_costs_its_stations_lines_a_few_requests(
    store: InfluxStore, requests: list[int]
) -> None:
    store.write_lines(Bucket.NATIVE, [line("other", 0, 'no2="text"')])
    requests.clear()
    lines = [line("bad", n, "so2=1,no2=2") if n % 2 else line(f"st-{n % 20}", n) for n in range(4_000)]
    result = store.write_lines(Bucket.NATIVE, lines)
    assert (result.accepted, {item.index % 2 for item in result.rejected}) == (2_000, {1})
    assert len(result.rejected) == 2_000
    assert requests == [4_000, 2_000, 2_000]


def test_a_line_that_cannot_be_parsed_is_identified_by_the_servers_message(
    store: InfluxStore, requests: list[int]
) -> None:
    lines = [line("a", n, "so2=" if n in (3, 70) else "so2=1") for n in range(100)]
    result = store.write_lines(Bucket.NATIVE, lines)
    assert ([item.index for item in result.rejected], result.accepted, requests) == ([3, 70], 98, [100, 98])
    assert result.rejected[0].reason == f"unable to parse '{lines[3].decode()}': missing field value"


def test_every_kind_at_once_leaves_each_line_with_its_own_reason(store: InfluxStore) -> None:
    keep_for(store, "2h")
    store.write_lines(Bucket.NATIVE, [line("other", 0, 'no2="text"')])
    kinds = {
        "old": ("so2=1", NOW - 5 * HOUR, "beyond retention"),
        "conflict": ("no2=1", NOW, "field type conflict"),
        "unread": ("so2=", NOW, "unable to parse"),
        "sound": ("so2=1", NOW, ""),
    }
    names = [*kinds] * 250
    lines = [line(name, n, *kinds[name][:2]) for n, name in enumerate(names)]
    result = store.write_lines(Bucket.NATIVE, lines)
    assert result.accepted == stored(store, "sound") == 250
    assert len(result.rejected) == 750
    assert all(kinds[names[item.index]][2] in item.reason for item in result.rejected)


def test_the_later_of_two_lines_of_one_time_stays_whatever_is_refused_around_them(store: InfluxStore) -> None:
    store.write_lines(Bucket.NATIVE, [line("other", 0, 'no2="text"')])
    same = [b"gas,instrument=i,station=a so2=%d %d" % (value, NOW) for value in range(8)]
    bad = [line("a", n, "so2=9,no2=1") for n in range(1, 9)]
    store.write_lines(Bucket.NATIVE, [item for pair in zip(same, bad, strict=True) for item in pair])
    (series,) = store._http.query_json(f"SELECT so2 FROM gas WHERE station = 'a' AND time = {NOW}", Bucket.NATIVE)
    assert series["values"][0][1] == 7


def test_refusals_that_nothing_explains_take_no_more_than_so_many_requests(
    store: InfluxStore, requests: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    post = InfluxHttp.post_lines

    def mute(http: InfluxHttp, bucket: Bucket, body: bytes) -> Answer:
        answer = post(http, bucket, body)
        return Answer(answer.status, b'{"error":"no"}') if answer.status == 400 else answer

    monkeypatch.setattr(InfluxHttp, "post_lines", mute)
    store.write_lines(Bucket.NATIVE, [line("other", 0, 'no2="text"')])
    requests.clear()
    lines = [line("bad", n, "no2=1" if n % 2 else "so2=1") for n in range(4_000)]
    lines += [line(f"st-{n}", n) for n in range(100)]
    result = store.write_lines(Bucket.NATIVE, lines)
    assert result.accepted + len(result.rejected) == 4_100
    assert not any(item.index >= 4_000 for item in result.rejected)
    assert len(requests) <= 2 * MOST_REQUESTS + 20
    assert any("not tried one by one" in item.reason for item in result.rejected)
