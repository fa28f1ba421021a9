"""Talking to an InfluxDB server: requests, credentials, dialect, sorted errors.

Requests go through urllib3, as those of influxdb-client do: its own services (buckets, mappings, authorisations) take most of a second to
import, so that library is loaded where they are used (docs/decisions/0011).
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from store.error import QueryError, StoreError, StoreUnavailableError
from store.influx.answer import _SHOWN, Answer, error_of
from store.influx.server import _UNNUMBERED, V2_WRITE_SINCE, Server, number_of, version_in
from store.settings import InfluxDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from influxdb_client import InfluxDBClient

    from store.settings import SharedSettings

    _Pairs = Mapping[str, str] | None
    _Body = bytes | dict[str, object] | None


#: Gzip level 1: on local networks a higher level costs more time than the saved bytes do.
_GZIP_LEVEL = 1
_POOL_SIZE = 16
_LONGEST_GET = 2_000


class Bucket(StrEnum):
    """Buckets of the time-series database; retention policies of these names on 1.x."""

    NATIVE = "native"
    HOURLY = "hourly"
    PRODUCT = "product"
    OPS = "ops"


class _Result(msgspec.Struct, frozen=True):
    """Answer of one statement in JSON."""

    series: list[dict[str, Any]] = []
    error: str = ""
    partial: bool = False


class _Answers(msgspec.Struct, frozen=True):
    """Answers of all statements of a question."""

    results: list[_Result] = []
    error: str = ""


class InfluxHttp:
    """One server with its credentials; threads may share it."""

    def __init__(self, settings: SharedSettings) -> None:
        self.url = settings.influx_url
        self.org = settings.influx_org
        self.database = settings.influx_database
        self._dialect = settings.influx_dialect
        self._timeout_s = settings.influx_timeout_s
        self._token = settings.influx_token.get_secret_value()
        self._pool = PoolManager(
            maxsize=_POOL_SIZE,
            timeout=Timeout(total=self._timeout_s),
            retries=False,
            cert_reqs="CERT_REQUIRED",
        )
        self._headers = _authorization(settings)
        self._compresses = not is_loopback(settings.influx_url)
        self.on_answer: Callable[[], object] = lambda: None
        """Called after each answer."""
        self._server: Server | None = None
        self._lock = threading.Lock()

    @cached_property
    def client(self) -> InfluxDBClient:
        """influxdb-client with the same credentials, for its own services (2.x)."""
        from influxdb_client import InfluxDBClient

        return InfluxDBClient(
            self.url,
            token=self._token or None,
            org=self.org,
            timeout=int(self._timeout_s * 1_000),
            connection_pool_maxsize=_POOL_SIZE,
        )

    @property
    def server(self) -> Server:
        """The server's version and dialect, asked once; raises `StoreUnavailableError`."""
        with self._lock:
            if self._server is None:
                self._server = self._ask_server()
            return self._server

    def request(
        self, method: str, path: str, *, params: _Pairs = None, body: _Body = None, headers: _Pairs = None
    ) -> Answer:
        """Send one request; any status is an answer.

        Raises
        ------
        StoreUnavailableError
            No answer: refused, broken off, or too slow.
        """
        answer, _ = self._send(method, path, params=params, body=body, headers=headers)
        return answer

    def post_lines(self, bucket: Bucket, body: bytes) -> Answer:
        """Send line protocol with nanosecond times."""
        if self.server.writes_v2:
            path, params = "/api/v2/write", {"org": self.org, "bucket": f"{self.database}/{bucket}", "precision": "ns"}
        else:
            path, params = "/write", {"db": self.database, "rp": str(bucket), "precision": "ns"}
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._compresses:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        return self.request("POST", path, params=params, body=body, headers=headers)

    def query(self, question: str, bucket: Bucket | None = None, *, accept: str = "application/csv") -> bytes:
        """Ask in InfluxQL; the body of the answer.

        Raises
        ------
        QueryError, StoreAccessError, StoreMissingError, StoreUnavailableError
        """
        params = {"db": self.database, "q": question, "epoch": "ns"}
        if bucket is not None:
            params["rp"] = str(bucket)
        # SELECT and SHOW may be read with GET; statements that change something, and long ones, are posted
        is_read = question.startswith(("SELECT", "SHOW")) and len(question) < _LONGEST_GET
        answer = self.request("GET" if is_read else "POST", "/query", params=params, headers={"Accept": accept})
        if answer.status >= 300:  # noqa: PLR2004 - HTTP
            raise error_of(answer, self.url, otherwise=QueryError)
        return answer.body

    def query_json(self, question: str, bucket: Bucket | None = None) -> list[dict[str, Any]]:
        """Ask in InfluxQL; the series of the first statement. Raises as `query`, also for errors inside the answer."""
        body = self.query(question, bucket, accept="application/json")
        try:
            content = msgspec.json.decode(body, type=_Answers)
        except msgspec.MsgspecError as error:
            shown = body[:_SHOWN].decode(errors="replace")
            msg = f"InfluxDB at {self.url}: the answer is broken off, or not InfluxDB's ({error}): {shown!r}"
            raise QueryError(msg) from error
        result = content.results[0] if content.results else _Result()
        words = content.error or result.error
        if words:
            raise error_of(Answer(400, json.dumps({"error": words}).encode()), self.url, otherwise=QueryError)
        if result.partial or any(item.get("partial") for item in result.series):
            msg = f"InfluxDB at {self.url}: the answer is cut off by max-row-limit of the server's configuration"
            raise QueryError(msg)
        return result.series

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
        if "client" in self.__dict__:
            self.client.close()

    def _send(
        self, method: str, path: str, *, params: _Pairs = None, body: _Body = None, headers: _Pairs = None
    ) -> tuple[Answer, Mapping[str, str]]:
        sent = {**self._headers, **(headers or {})}
        address = self.url + path
        if path == "/query" and method == "POST" and params:
            # a statement may be longer than an address
            body, params = urlencode(params).encode(), None
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        elif isinstance(body, dict):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if params:
            address += "?" + urlencode(params)
        try:
            response = self._pool.urlopen(method, address, body=body, headers=sent, redirect=False)
        except HTTPError as error:
            raise _unreachable(self.url, error) from error
        self.on_answer()
        return Answer(response.status, response.data), response.headers

    def _ask_server(self) -> Server:
        answer, headers = self._send("GET", "/ping")
        version = headers.get("X-Influxdb-Version", "")
        if not version:
            answer, headers = self._send("GET", "/health")
            version = headers.get("X-Influxdb-Version", "") or version_in(answer.body)
        number = number_of(version)
        if number == (0, 0) and "X-Influxdb-Build" in headers:
            number = _UNNUMBERED  # built from source without a version
        if self._dialect is InfluxDialect.AUTO:
            writes_v2 = number >= V2_WRITE_SINCE
        else:
            writes_v2 = self._dialect is InfluxDialect.V2
        if number == (0, 0):
            if answer.status in (401, 403):
                raise error_of(answer, self.url, otherwise=StoreError)
            if self._dialect is InfluxDialect.AUTO:
                msg = f"{self.url} answers, but not as InfluxDB does (no version); check SKYGROUND_INFLUX_URL, or set SKYGROUND_INFLUX_DIALECT"
                raise StoreUnavailableError(msg)
            number = (2, 0) if writes_v2 else (1, 0)
        return Server(version, number, writes_v2)


@contextmanager
def explained(http: InfluxHttp) -> Iterator[None]:
    """Turn what influxdb-client's own services raise into `store.error`."""
    from influxdb_client.rest import ApiException

    try:
        yield
    except ApiException as error:
        if not error.status:
            raise _unreachable(http.url, error) from error
        raw = error.body if isinstance(error.body, bytes) else str(error.body or "").encode()
        raise error_of(Answer(error.status, raw), http.url, otherwise=StoreError) from error
    except HTTPError as error:
        raise _unreachable(http.url, error) from error


def is_loopback(url: str) -> bool:
    """Whether a server is on this machine: compressing for it costs both sides time and saves no network."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _authorization(settings: SharedSettings) -> dict[str, str]:
    token = settings.influx_token.get_secret_value()
    if token:
        return {"Authorization": f"Token {token}"}
    if settings.influx_user:
        pair = f"{settings.influx_user}:{settings.influx_password.get_secret_value()}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}


def _unreachable(url: str, error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"InfluxDB at {url} does not answer: {error}; is it started, is SKYGROUND_INFLUX_URL right?"
    )
