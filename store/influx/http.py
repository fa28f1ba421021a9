"""Talking to an InfluxDB server: requests, credentials, dialect, sorted errors.

Requests go through urllib3, as those of influxdb-client do: its own services (buckets, mappings, authorisations) take most of a second to
import, so that library is loaded where they are used (docs/decisions/0011).
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
from contextlib import contextmanager
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from store.error import QueryError, StoreAccessError, StoreError, StoreMissingError, StoreUnavailableError
from store.settings import InfluxDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from influxdb_client import InfluxDBClient

    from store.settings import SharedSettings

#: Gzip level 1: on local networks a higher level costs more time than the saved bytes do.
_GZIP_LEVEL = 1
_POOL_SIZE = 16
#: First 1.x release with ``/api/v2/write`` (release notes of InfluxDB 1.8.0).
_V2_WRITE_SINCE = (1, 8)
_LONGEST_GET = 2_000
WRITTEN = 204
"""What every InfluxDB answers to a write that it has taken; a proxy's page comes with 200."""
_SHOWN = 120
"""Bytes of an unexpected answer that an error quotes."""
#: 1.x states its version always; what names its build only is a 2.x.
_UNNUMBERED = (2, 0)


class Bucket(StrEnum):
    """Buckets of the time-series database; retention policies of these names on 1.x."""

    NATIVE = "native"
    HOURLY = "hourly"
    PRODUCT = "product"
    OPS = "ops"


class Server(msgspec.Struct, frozen=True):
    """What answers at the other end.

    Attributes
    ----------
    version : str
        As the server states it; empty when it does not.
    number : tuple of int
        Major and minor.
    writes_v2 : bool
        Whether lines go to ``/api/v2/write`` (else to ``/write``).
    """

    version: str
    number: tuple[int, int]
    writes_v2: bool


class Answer(msgspec.Struct, frozen=True):
    """Status and body of a response; also of one that refuses."""

    status: int
    body: bytes

    @property
    def words(self) -> str:
        """What the server said, in its own words."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace").strip() or f"HTTP {self.status}"
        if isinstance(content, dict):
            return str(content.get("error") or content.get("message") or content)
        return str(content)


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
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | dict[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
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
            said = body[:_SHOWN].decode(errors="replace")
            msg = f"InfluxDB at {self.url}: the answer is broken off, or not InfluxDB's ({error}): {said!r}"
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
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | dict[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
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
            version = headers.get("X-Influxdb-Version", "") or _version_in(answer.body)
        number = _number_of(version)
        if number == (0, 0) and "X-Influxdb-Build" in headers:
            number = _UNNUMBERED  # built from source without a version
        if self._dialect is InfluxDialect.AUTO:
            writes_v2 = number >= _V2_WRITE_SINCE
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


def error_of(answer: Answer, url: str, *, otherwise: type[StoreError]) -> StoreError:
    """The error an answer stands for; ``otherwise`` where the status says no more than refusal."""
    words = answer.words
    if answer.status in (401, 403):
        return StoreAccessError(
            f"InfluxDB at {url} refuses the credentials: {words}; check SKYGROUND_INFLUX_TOKEN, or SKYGROUND_INFLUX_USER and _PASSWORD"
        )
    if answer.status < 300:  # noqa: PLR2004 - HTTP
        said = answer.body[:_SHOWN].decode(errors="replace")
        return StoreUnavailableError(
            f"InfluxDB at {url}: HTTP {answer.status} to a write, expected {WRITTEN}: a proxy or another program answers: {said!r}"
        )
    if is_missing(answer):
        return StoreMissingError(f"InfluxDB at {url}: {words}; {_remedy(words)}")
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004 - HTTP
        return StoreUnavailableError(f"InfluxDB at {url}: HTTP {answer.status}: {words}")
    return otherwise(f"InfluxDB at {url}: {words}")


def _remedy(words: str) -> str:
    if re.search(r"\borg(anization)?\b", words):
        return "set SKYGROUND_INFLUX_ORG to an organisation of this server; it is not created"
    return "`skyground migrate` creates it, SKYGROUND_INFLUX_DATABASE names it"


def is_loopback(url: str) -> bool:
    """Whether a server is on this machine: compressing for it costs both sides time and saves no network."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def is_missing(answer: Answer) -> bool:
    """Whether the answer says that the database, retention policy, bucket or organisation does not exist."""
    # 1.x answers 500 to a write into an absent retention policy, so the words decide
    pattern = r"(database|retention policy|bucket|organization|org)\b.*not found|not found:? *(database|retention policy|bucket)"
    return answer.status == 404 or re.search(pattern, answer.words) is not None  # noqa: PLR2004 - HTTP


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


def _version_in(body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get("version") or "") if isinstance(content, dict) else ""


def _number_of(version: str) -> tuple[int, int]:
    match = re.search(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)
