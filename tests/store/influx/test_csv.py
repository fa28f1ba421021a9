"""Answers that are broken off, refused or not InfluxDB's: by a server that misbehaves on purpose, and by real ones."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas.interval import Interval
from schemas.reading import Reading
from store.error import QueryError, StoreError, StoreMissingError, StoreUnavailableError
from store.influx.csv import END, without_end_mark
from store.influx.native_digest import day_digests
from store.influx.read import last_frame, native_frame, native_frames
from store.influx.store import Bucket, InfluxStore
from store.settings import SharedSettings
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START = datetime(2026, 11, 22, tzinfo=UTC)
END_TIME = START + timedelta(hours=1)
HEAD = b"name,tags,time,o3\n"
ROWS = HEAD + b"gas,,1795305600000000000,40\ngas,,1795305660000000000,41\n"
MARK = b"name,tags,name\ndatabases,,skyground\n"
SPAN = ("gas", "s-1", "gas1", START, END_TIME)


class Handler(BaseHTTPRequestHandler):
    """Answers ``/query`` with `Misbehaving.body`; writes it by the framing that `Misbehaving.framing` names."""

    server: Misbehaving

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query).get("q", [""])[0]
        wants_csv = "csv" in self.headers.get("Accept", "")
        body = self.server.body(asked) if wants_csv else self.server.json
        body = b"" if parts.path == "/ping" else body
        self.send_response(200)
        self.send_header("X-Influxdb-Version", "1.8.10")
        framing = self.server.framing if wants_csv and parts.path != "/ping" else "length"
        if framing == "length":
            self.send_header("Content-Length", str(len(body)))
        elif framing == "short":
            self.send_header("Content-Length", str(len(body) + 100))
        elif framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n" % len(body) + body + b"\r\n"
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


class Misbehaving(ThreadingHTTPServer):
    framing = "length"
    json = b'{"results":[{"statement_id":0}]}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body: Callable[[str], bytes] = lambda _question: b""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    found = Misbehaving()
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@contextmanager
def store_at(url: str, database: str = "skyground") -> Iterator[InfluxStore]:
    store = InfluxStore(SharedSettings(influx_url=url, influx_database=database, influx_timeout_s=5.0))
    yield store
    store.close()


@contextmanager
def store_of(server: Misbehaving) -> Iterator[InfluxStore]:
    with store_at(f"http://127.0.0.1:{server.server_address[1]}") as store:
        yield store


def marked(body: bytes) -> Callable[[str], bytes]:
    """A server that answers the second statement too, whatever the first is."""
    return lambda asked: MARK + b"\n" + MARK if asked.count("SHOW") > 1 else body


@pytest.mark.parametrize("body", [ROWS + b"\n" + MARK, ROWS + b"\n" + b"name,tags,name\n"])
def test_a_whole_answer_is_read(server: Misbehaving, body: bytes) -> None:
    server.body = marked(body)
    with store_of(server) as store:
        assert store.read_native(*SPAN)["o3"].tolist() == [40.0, 41.0]


def test_an_answer_without_rows_is_empty_without_a_second_question(server: Misbehaving) -> None:
    asked = list[str]()
    server.body = lambda question: (asked.append(question), marked(MARK)(question))[1]
    with store_of(server) as store:
        assert all(store.read_native(*SPAN).empty for _ in range(3))
    assert len(asked) == 3


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"n",
        HEAD,
        ROWS,
        ROWS[:-3],
        ROWS + b"\n",
        ROWS + b"\n" + MARK[:9],
        b"error\nsomething happened\n",
        b"<html>please log in</html>\n",
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_whose_end_is_missing_is_an_error(server: Misbehaving, cut: bytes) -> None:
    server.body = marked(cut)
    with store_of(server) as store, pytest.raises(QueryError, match="ends early"):
        store.read_native(*SPAN)


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"\n" + MARK,
        b"error\nsomething happened\n\n" + MARK,
        b"name,tags\ngas,\n\n" + MARK,
        b"name,tags,time\n\n" + MARK,
        HEAD + b"gas,,1795305600000000000\n\n" + MARK,
        HEAD + b"gas,,,40\n\n" + MARK,
        HEAD + b"gas,,noon,40\n\n" + MARK,
        HEAD + b"gas,,1795305600000000000,high\n\n" + MARK,
        ROWS + b"\nname,tags,time,no2\ngas,,1795305600000000000,3\n\n" + MARK,
    ],
)
def test_an_answer_that_is_no_table_is_an_error(server: Misbehaving, body: bytes) -> None:
    server.body = marked(body)
    with store_of(server) as store, pytest.raises(QueryError):
        store.read_native(*SPAN)


@pytest.mark.parametrize("framing", ["short", "chunked"])
@pytest.mark.parametrize("body", [ROWS, ROWS + b"\n" + MARK])
def test_a_transfer_that_breaks_off_is_an_error(server: Misbehaving, framing: str, body: bytes) -> None:
    server.body = marked(body)
    with store_of(server) as store:
        store.read_starts  # noqa: B018 - the store is made before the server misbehaves
        server.framing = framing
        with pytest.raises(StoreUnavailableError):
            store.read_native(*SPAN)


def test_a_connection_that_ends_without_a_length_is_noticed(server: Misbehaving) -> None:
    server.framing = "none"
    server.body = marked(ROWS[:-5])
    with store_of(server) as store, pytest.raises(QueryError, match="ends early"):
        store.read_native(*SPAN)


@pytest.mark.parametrize("body", [ROWS[:-1], ROWS[:-4], HEAD, b"error\nwhat\n", b"name", b"\xff\n"])
def test_a_server_that_marks_no_end_is_held_to_whole_lines(server: Misbehaving, body: bytes) -> None:
    server.body = lambda _asked: body
    with store_of(server) as store, pytest.raises(QueryError):
        store.read_native(*SPAN)


def test_a_server_that_marks_no_end_is_read(server: Misbehaving) -> None:
    server.body = lambda _asked: ROWS
    with store_of(server) as store:
        assert store.read_native(*SPAN)["o3"].tolist() == [40.0, 41.0]


@pytest.mark.parametrize("cut", range(0, len(ROWS) - 1, 3))
def test_parsers_raise_nothing_but_query_errors(cut: int) -> None:
    body = b"name,tags,time\n" + ROWS[cut:]
    for parse in (
        lambda: native_frame(body, ["o3"]),
        lambda: native_frames(body),
        lambda: last_frame(body),
        lambda: day_digests(body, START, END_TIME),
    ):
        try:
            parse()
        except QueryError:
            continue


def test_text_that_looks_like_the_end_is_no_end() -> None:
    body = b'name,tags,time,reason\ngas_flag,,1,"a\n' + MARK + b'"\n'
    assert without_end_mark(body) is None
    assert without_end_mark(body + b"\n" + MARK) == body


@pytest.mark.parametrize("body", [b"", b"[]", b'{"results":[{"series":[{"name":"gas"', b"<html>", b'{"results":3}'])
def test_json_that_is_broken_off_is_an_error(server: Misbehaving, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with store_of(server) as store:
        monkeypatch.setattr(store._http, "query", lambda *_args, **_more: body)
        with pytest.raises(QueryError):
            store.count_values("gas", START, END_TIME)


def write(store: InfluxStore, count: int) -> None:
    store.ensure()
    minute = timedelta(minutes=1)
    readings = [
        Reading("gas", "s-1", "gas1", Interval(START + step * minute, START + (step + 1) * minute), {"o3": 40.0 + step})
        for step in range(count)
    ]
    assert not store.write_readings(readings).rejected


@contextmanager
def limited_influxd(directory: Path, line: str, section: str) -> Iterator[InfluxStore]:
    server = servers.influxd(directory)
    config = directory / "influxdb.conf"
    config.write_text(config.read_text().replace(f"[{section}]", f"[{section}]\n  {line}", 1))
    with servers.running(server), store_at(server.url) as store:
        yield store


def test_rows_that_a_real_server_cuts_off_are_noticed(tmp_path: Path) -> None:
    with limited_influxd(tmp_path / "influx", "max-row-limit = 10", "http") as store:
        write(store, 30)
        with pytest.raises(QueryError, match="max-row-limit"):
            store.read_native(*SPAN)
        assert len(store.read_native("gas", "s-1", "gas1", START, START + timedelta(minutes=9))) == 9


def test_an_error_of_a_statement_on_a_real_server_is_no_empty_answer(influx_url: str) -> None:
    with store_at(influx_url, "csv-errors") as store:
        write(store, 3)
        question = 'SELECT percentile("o3") FROM "gas"'
        with pytest.raises(QueryError, match="percentile"):
            store._csv.ask(question, Bucket.NATIVE)
    with store_at(influx_url, "csv-absent") as store, pytest.raises(StoreMissingError):
        store.read_native(*SPAN)


def test_a_real_server_answers_the_mark_to_any_user_who_may_read(influx_url: str) -> None:
    with store_at(influx_url, "csv-mark") as store:
        write(store, 3)
        body = store._http.query(f'SELECT * FROM "gas"{END}', Bucket.NATIVE)
        assert without_end_mark(body) != body
        assert store._http.query('SELECT * FROM "gas"', Bucket.NATIVE) == without_end_mark(body)


def test_every_reader_raises_a_store_error_on_a_cut_answer(server: Misbehaving) -> None:
    server.body = marked(ROWS[:-7])
    server.json = b'{"results":[{"statement_id":0,"series":[{"name":"gas","columns":["time"'
    readers: tuple[Callable[[InfluxStore], object], ...] = (
        lambda store: store.read_native(*SPAN),
        lambda store: store.native_digests("gas", "s-1", START, END_TIME, ["o3"]),
        lambda store: store.read_hourly("gas", "s-1", START, END_TIME),
        lambda store: store.read_hourly_all("gas", START, END_TIME),
        lambda store: store.read_hourly_table("gas", START, END_TIME),
        lambda store: store.read_flags(Bucket.NATIVE, "gas", START, END_TIME),
        lambda store: store.read_product("aqi_hourly", START, END_TIME),
        lambda store: store.last_readings("gas"),
    )
    with store_of(server) as store:
        for read in readers:
            with pytest.raises(StoreError):
                read(store)
