"""Readings in and out without data frames: what the collector needs of the time-series database.

Nothing here imports pandas or pyarrow, which take 2 s and 90 MB; `store.influx.store.InfluxStore` adds what is read as frames.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.column import STATUS
from store.error import StoreError
from store.influx.http import Bucket, InfluxHttp
from store.influx.influxql import STEPS, newest, quote_identifier, select
from store.influx.line import encode_reading
from store.influx.retention import Retentions
from store.influx.write import RejectedLine, WriteResult, write_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from schemas.reading import Reading
    from store.settings import SharedSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAGS = frozenset({"station", "instrument"})
_Key = tuple[str, str]


class Health(msgspec.Struct, frozen=True):
    """Whether the database answers and may be used, with an explanation."""

    ok: bool
    detail: str
    version: str


class StoredReading(msgspec.Struct, frozen=True):
    """What the database holds of one instrument at one time: values, and status letters, by parameter."""

    values: dict[str, float]
    status: dict[str, str]


class ReadingStore:
    """The time-series database as the collector uses it; threads may share one, one a process.

    Parameters
    ----------
    settings : SharedSettings
        Address and credentials of the server.
    """

    def __init__(self, settings: SharedSettings) -> None:
        self._http = InfluxHttp(settings)
        self._retentions = Retentions(self._http)
        self._lock = threading.Lock()

    def on_answer(self, call: Callable[[], object]) -> None:
        """Call a function after each answer of the server: a sign of life while a slow query runs."""
        self._http.on_answer = call

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ensure(self) -> None:
        """Create database and retention policies (or buckets) that are absent; raises `StoreError`."""
        from store.influx.bucket.plan import ensure_buckets  # with influxdb-client's services, for a new database only

        with self._lock:
            ensure_buckets(self._http)

    def health(self) -> Health:
        """Ask the server for its version and its buckets; never raises a `StoreError`."""
        try:
            version = self._http.server.version
            self._http.query_json(f"SHOW RETENTION POLICIES ON {quote_identifier(self._http.database)}")
        except StoreError as error:
            return Health(ok=False, detail=str(error), version="")
        return Health(
            ok=True, detail=f"InfluxDB {version} at {self._http.url}, database {self._http.database}", version=version
        )

    def write_lines(self, bucket: Bucket, lines: Sequence[bytes]) -> WriteResult:
        """Write lines with nanosecond times; see `store.influx.write.write_lines` for what is refused and raised."""
        return write_lines(self._http, bucket, lines, self.ensure, self._retentions)

    def write_readings(self, readings: Sequence[Reading]) -> WriteResult:
        """Write readings; ``index`` of a rejected line is that of its reading. A reading without any field is accepted silently."""
        encoded = [(index, line) for index, line in enumerate(map(encode_reading, readings)) if line is not None]
        result = self.write_lines(Bucket.NATIVE, [line for _, line in encoded])
        if not result.rejected:
            return result
        rejected = tuple(RejectedLine(encoded[item.index][0], item.line, item.reason) for item in result.rejected)
        return msgspec.structs.replace(result, rejected=rejected)

    def newest_starts(self, wanted: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], datetime]:
        """Start of the newest stored reading by network, station and instrument; raises `StoreError`.

        Parameters
        ----------
        wanted : collection of (network, station id, instrument id)
            Looked for in steps that reach further back (`store.influx.influxql.STEPS`); of others only recent readings are found.
        """
        networks, missing = sorted({network for network, _, _ in wanted}), set(wanted)
        found: dict[tuple[str, str, str], datetime] = {}
        for step in STEPS if wanted else ():
            stations = () if step is STEPS[0] else sorted({station for _, station, _ in missing})
            since = None if step is None else datetime.now(UTC) - step
            for series in self._http.query_json(newest(networks, since, stations), Bucket.NATIVE):
                found.setdefault((series["name"], *_key(series["tags"])), _moment(series["values"][0][0]))
            missing -= found.keys()
            if not missing:
                break
        return found

    def read_stored(
        self, network: str, station_id: str, instrument_id: str, start: datetime, end: datetime
    ) -> dict[datetime, StoredReading]:
        """Stored readings of one instrument that start in ``[start, end)``, by start; raises `StoreError`."""
        tags = {"station": station_id, "instrument": instrument_id}
        question = select(network, start, end, tags=tags)
        found: dict[datetime, StoredReading] = {}
        for series in self._http.query_json(question, Bucket.NATIVE):
            found.update(_stored(series["columns"], series["values"]))
        return found

    def read_stored_all(
        self, network: str, start: datetime, end: datetime
    ) -> dict[_Key, dict[datetime, StoredReading]]:
        """Stored readings of a network that start in ``[start, end)``, by station and instrument and by start, in one query."""
        question = f"{select(network, start, end)} GROUP BY station, instrument"
        return {
            _key(series["tags"]): dict(_stored(series["columns"], series["values"]))
            for series in self._http.query_json(question, Bucket.NATIVE)
        }

    def read_starts(self, network: str, start: datetime, end: datetime) -> dict[_Key, list[datetime]]:
        """Starts of the native readings of a network in ``[start, end)``, ascending, by station and instrument, in one query."""
        question = f"{select(network, start, end)} GROUP BY station, instrument"
        return {
            _key(series["tags"]): [_moment(row[0]) for row in series["values"]]
            for series in self._http.query_json(question, Bucket.NATIVE)
        }


def _stored(columns: list[str], rows: list[list[Any]]) -> Iterator[tuple[datetime, StoredReading]]:
    for row in rows:
        moment, *given = row
        pairs = [
            (name, value)
            for name, value in zip(columns[1:], given, strict=True)
            if value is not None and name not in _TAGS
        ]
        yield (
            _moment(moment),
            StoredReading(
                {name: float(value) for name, value in pairs if not name.endswith(STATUS)},
                {name.removesuffix(STATUS): str(value) for name, value in pairs if name.endswith(STATUS)},
            ),
        )


def _key(tags: dict[str, str]) -> _Key:
    return tags["station"], tags["instrument"]


def _moment(nanoseconds: int) -> datetime:
    """Time of a point; readings are stored to the microsecond."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1_000)
