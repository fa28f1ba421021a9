"""Requests of the 2.x and 1.8 dialects to the letter of the documented API, against a real HTTP server that records them.

https://docs.influxdata.com/influxdb/v2/api/ (write, buckets, dbrps) and the 1.x compatibility ``/query``.
"""

from __future__ import annotations

import gzip
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from store.error import StoreAccessError, StoreError, StoreUnavailableError
from store.influx.store import Bucket, InfluxStore
from store.settings import InfluxDialect, SharedSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2026, 11, 22, tzinfo=UTC)
END = START + timedelta(days=1)
REFUSED = b'{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict dropped=1"}'


class Request(NamedTuple):
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Recorder(ThreadingHTTPServer):
    """Records every request and answers with `answer`: status, body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[Request] = []
        self.version = "v2.7.11"
        self.answer: Callable[[Request], tuple[int, bytes]] = lambda _request: (204, b"")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body)
        status, answer = (204, b"") if parts.path == "/ping" else self.server.answer(request)
        if parts.path != "/ping":
            self.server.requests.append(request)
        self.send_response(status)
        if self.server.version:
            self.send_header("X-Influxdb-Version", self.server.version)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Recorder]:
    recorder = Recorder()
    thread = threading.Thread(target=recorder.serve_forever)
    thread.start()
    yield recorder
    recorder.shutdown()
    thread.join()
    recorder.server_close()


def store_at(server: Recorder, dialect: InfluxDialect = InfluxDialect.AUTO) -> InfluxStore:
    return InfluxStore(
        SharedSettings(
            influx_url=server.url,
            influx_org="省",
            influx_token=SecretStr("secret"),
            influx_dialect=dialect,
            influx_timeout_s=2,
        )
    )


def test_lines_go_to_api_v2_write_gzipped_with_token(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.influx.http.is_loopback", lambda _: False)
    assert store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1", b"gas a=2 2"]).accepted == 2
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v2/write")
    assert request.params == {"org": "省", "bucket": "skyground/native", "precision": "ns"}
    assert request.headers["Authorization"] == "Token secret"
    assert request.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert request.headers["Content-Encoding"] == "gzip"
    assert request.body == b"gas a=1 1\ngas a=2 2"


def test_lines_for_this_machine_are_not_compressed(server: Recorder) -> None:
    store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"])
    assert "Content-Encoding" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("1.6.7~rc0", "/write"),
        ("1.7.11", "/write"),
        ("1.8.10", "/api/v2/write"),
        ("v2.0.9", "/api/v2/write"),
        ("3.1.0", "/api/v2/write"),
    ],
)
def test_the_dialect_follows_the_version(server: Recorder, version: str, path: str) -> None:
    server.version = version
    store_at(server).write_lines(Bucket.HOURLY, [b"gas a=1 1"])
    assert server.requests[0].path == path


def test_a_stated_dialect_wins(server: Recorder) -> None:
    store_at(server, InfluxDialect.V1).write_lines(Bucket.HOURLY, [b"gas a=1 1"])
    assert (server.requests[0].path, server.requests[0].params) == (
        "/write",
        {"db": "skyground", "rp": "hourly", "precision": "ns"},
    )


def test_a_server_that_is_no_influxdb_is_named(server: Recorder) -> None:
    server.version = ""
    with pytest.raises(StoreUnavailableError, match="not as InfluxDB does"):
        store_at(server).ensure()


def test_a_page_instead_of_an_answer_is_not_taken_for_a_write(server: Recorder) -> None:
    server.answer = lambda _: (200, b"<html><title>Maintenance</title>" + b"x" * 5_000)
    result = store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"])
    assert (result.accepted, result.retry) == (0, True)
    assert "HTTP 200 to a write, expected 204: a proxy or another program answers: '<html>" in result.detail
    assert len(result.detail) < 400


def test_refused_lines_are_found_by_halving(server: Recorder) -> None:
    server.answer = lambda request: (422, REFUSED) if b"bad" in request.body else (204, b"")
    result = store_at(server).write_lines(
        Bucket.NATIVE, [b"gas bad=1 1" if index == 5 else b"gas a=1 1" for index in range(16)]
    )
    assert (result.accepted, [item.index for item in result.rejected]) == (15, [5])
    assert result.rejected[0].reason.startswith("failure writing points")
    assert len(server.requests) == 9


def test_a_request_too_large_is_halved(server: Recorder) -> None:
    server.answer = lambda request: (413, b"") if len(request.body) > 30 else (204, b"")
    result = store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"] * 8 + [b"gas " + b"a" * 40 + b"=1 1"])
    assert (result.accepted, [item.index for item in result.rejected]) == (8, [8])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_overload_means_try_again_and_rejects_nothing(server: Recorder, status: int) -> None:
    server.answer = lambda _request: (status, b'{"message":"busy"}')
    result = store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"])
    assert (result.accepted, result.rejected, result.retry) == (0, (), True)
    assert "busy" in result.detail


def test_what_was_accepted_before_the_overload_is_counted(server: Recorder) -> None:
    server.answer = lambda _request: (204, b"") if not server.requests else (503, b"")
    result = store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"] * 5_001)
    assert (result.accepted, result.retry) == (5_000, True)


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_name_what_to_set(server: Recorder, status: int) -> None:
    server.answer = lambda _request: (status, b'{"code":"unauthorized","message":"unauthorized access"}')
    with pytest.raises(StoreAccessError, match="SKYGROUND_INFLUX_TOKEN"):
        store_at(server).write_lines(Bucket.NATIVE, [b"gas a=1 1"])


@pytest.mark.parametrize(
    "times", [("1795305600000000000", "1795309200000000000"), ("2026-11-22T00:00:00Z", "2026-11-22T01:00:00Z")]
)
def test_reads_are_influxql_as_csv(server: Recorder, times: tuple[str, str]) -> None:
    rows = f"name,tags,time,so2,so2__flag,so2__n,station\ngas,,{times[0]},5,1,60,a\ngas,,{times[1]},,9,0,a\n"
    server.answer = lambda _request: (200, rows.encode())
    frame = store_at(server).read_hourly("gas", "a", START, END)
    request = server.requests[0]
    assert (request.method, request.path, request.headers["Accept"]) == ("GET", "/query", "application/csv")
    assert request.params["db"] == "skyground"
    assert request.params["rp"] == "hourly"
    assert request.params["q"].startswith('SELECT * FROM "gas" WHERE "station" = \'a\' AND time >= 1795305600000000000')
    assert frame["so2"].isna().tolist() == [False, True]
    assert frame.index[1] == START + timedelta(hours=1)


def test_an_answer_that_is_no_csv_is_an_error(server: Recorder) -> None:
    server.answer = lambda _request: (200, b"name,tags,time,so2\ngas,,yesterday,high\n")
    with pytest.raises(StoreError, match="cannot be read"):
        store_at(server).read_native("gas", "a", "i", START, END)
