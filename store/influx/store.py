"""The time-series database: readings, hourly means, flags and products in and out.

Errors: `store.error`. Lines the server refuses are no errors but `store.influx.write.RejectedLine`.
Layout of the points: `store.influx.line`, `store.influx.line_frame`. One query language (InfluxQL, answers in CSV) on 1.x, 2.x and 3.x.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from schemas.column import COMPLETENESS, COUNT, FLAG, STATUS
from store.influx import read, read_hourly
from store.influx.csv import CsvReader
from store.influx.http import Bucket
from store.influx.influxql import newest, quote_identifier, select
from store.influx.last import read_lasts
from store.influx.line_frame import (
    FLAG_MEASUREMENT_SUFFIX,
    encode_flags,
    encode_hourly,
    encode_hourly_table,
    encode_product,
)
from store.influx.native_digest import day_digests
from store.influx.reading import Health, ReadingStore
from store.influx.write import RejectedLine, WriteResult, require_accepted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from store.settings import SharedSettings

__all__ = ["Bucket", "Health", "InfluxStore", "RejectedLine", "WriteResult", "require_accepted"]

_NO_TAGS: Mapping[str, str] = {}


class InfluxStore(ReadingStore):
    """The time-series database; threads may share one, one a process.

    Parameters
    ----------
    settings : SharedSettings
        Address and credentials of the server.
    """

    def __init__(self, settings: SharedSettings) -> None:
        super().__init__(settings)
        self._csv = CsvReader(self._http)

    def write_hourly(self, network: str, station_id: str, hourly: pd.DataFrame) -> WriteResult:
        """Write one station's hourly frame (`schemas.frames`); raises `schemas.frames.FrameError` where it breaks the contract."""
        return self.write_lines(Bucket.HOURLY, encode_hourly(network, station_id, hourly))

    def write_hourly_table(self, network: str, hours: pd.DataFrame) -> WriteResult:
        """Write an hourly frame of several stations, index (``station_id``, ``start``), in requests of full size."""
        return self.write_lines(Bucket.HOURLY, encode_hourly_table(network, hours))

    def write_flags(self, bucket: Bucket, network: str, flags: pd.DataFrame) -> WriteResult:
        """Write a flags frame. A flag is withdrawn by writing PASS in its place."""
        return self.write_lines(bucket, encode_flags(network, flags))

    def write_product(
        self, measurement: str, station_id: str, frame: pd.DataFrame, tags: Mapping[str, str] = _NO_TAGS
    ) -> WriteResult:
        """Write a product frame: index ``start``, float and text columns; NaN is not written."""
        return self.write_lines(Bucket.PRODUCT, encode_product(measurement, station_id, frame, tags))

    def read_native(  # noqa: PLR0917 - as the interfaces page has it
        self,
        network: str,
        station_id: str,
        instrument_id: str,
        start: datetime,
        end: datetime,
        parameters: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Native frame of one instrument in ``[start, end)``; named parameters are columns, NaN when never reported."""
        columns = [name + suffix for name in parameters or () for suffix in ("", STATUS)]
        tags = {"station": station_id, "instrument": instrument_id}
        body = self._select(Bucket.NATIVE, select(network, start, end, columns=columns, tags=tags))
        return read.native_frame(body, parameters)

    def read_native_many(
        self, network: str, stations: Sequence[str], start: datetime, end: datetime, parameters: Sequence[str]
    ) -> dict[tuple[str, str], pd.DataFrame]:
        """Native frames of several stations by (station id, instrument id), in one query; silent instruments are absent.

        A frame has only the parameters that the instrument gave a value or a status letter in ``[start, end)``.
        """
        wanted = {name + suffix for name in parameters for suffix in ("", STATUS)}
        columns = sorted(wanted & set(self._field_types(network, Bucket.NATIVE)))
        if not columns or not stations:
            return {}
        question = select(network, start, end, columns=columns, any_of={"station": stations})
        return read.native_frames(self._select(Bucket.NATIVE, f"{question} GROUP BY station, instrument"))

    def native_digests(
        self, network: str, station_id: str, start: datetime, end: datetime, parameters: Sequence[str]
    ) -> dict[str, str]:
        """Digest of a station's native values and status letters by UTC day; see `store.influx.native_digest.day_digests`."""
        columns = ["instrument", *(name + suffix for name in parameters for suffix in ("", STATUS))]
        body = self._select(Bucket.NATIVE, select(network, start, end, columns=columns, tags={"station": station_id}))
        return day_digests(body, start, end)

    def read_hourly(
        self, network: str, station_id: str, start: datetime, end: datetime, parameters: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Hourly frame of one station in ``[start, end)``; hours without a point are absent rows."""
        frames = self._read_hourly(network, start, end, parameters, {"station": station_id})
        return frames.get(station_id, read_hourly.empty_hourly(parameters))

    def read_hourly_all(
        self, network: str, start: datetime, end: datetime, parameters: Sequence[str] | None = None
    ) -> dict[str, pd.DataFrame]:
        """Hourly frames of all stations of a network that have any hour in ``[start, end)``, by station id, in one query."""
        return self._read_hourly(network, start, end, parameters, {})

    def read_hourly_many(
        self, network: str, stations: Sequence[str], start: datetime, end: datetime, parameters: Sequence[str]
    ) -> dict[str, pd.DataFrame]:
        """Values and flags of the hours of several stations by station id, in one query.

        Counts are 1 where there is a value: completeness and counts are not read.
        """
        wanted = {name + suffix for name in parameters for suffix in ("", FLAG)}
        columns = sorted(wanted & set(self._field_types(network, Bucket.HOURLY)))
        if not columns or not stations:
            return {}
        question = select(network, start, end, columns=[*columns, "station"], any_of={"station": stations})
        return read_hourly.hourly_frames(self._select(Bucket.HOURLY, question), None)

    def read_counts(
        self, network: str, start: datetime, end: datetime, parameters: Sequence[str], station_id: str | None = None
    ) -> dict[str, pd.DataFrame]:
        """Only ``<p>__n`` and ``<p>__completeness`` of the hours in ``[start, end)``, by station id: what completeness needs."""
        columns = [name + suffix for name in parameters for suffix in (COUNT, COMPLETENESS)]
        tags = {"station": station_id} if station_id else {}
        question = select(network, start, end, columns=[*columns, "station"], tags=tags)
        return read_hourly.count_frames(self._select(Bucket.HOURLY, question))

    def read_hourly_table(
        self, network: str, start: datetime, end: datetime, station_id: str | None = None
    ) -> pd.DataFrame:
        """Hours of all stations, or one, in one frame with the index (``station_id``, ``start``)."""
        tags = {"station": station_id} if station_id else {}
        return read_hourly.hourly_table(self._select(Bucket.HOURLY, select(network, start, end, tags=tags)))

    def read_flags(
        self, bucket: Bucket, network: str, start: datetime, end: datetime, station_id: str | None = None
    ) -> pd.DataFrame:
        """Flags frame of values that start in ``[start, end)``, by time."""
        tags = {"station": station_id} if station_id else {}
        return read.flags_frame(self._select(bucket, select(network + FLAG_MEASUREMENT_SUFFIX, start, end, tags=tags)))

    def read_product(
        self, measurement: str, start: datetime, end: datetime, station_id: str | None = None
    ) -> pd.DataFrame:
        """Product frame in ``[start, end)``: index ``start``, column ``station_id``, further tags, fields."""
        tags = {"station": station_id} if station_id else {}
        body = self._select(Bucket.PRODUCT, select(measurement, start, end, tags=tags))
        return read.product_frame(body, self._field_types(measurement) if body.strip() else {})

    def last_readings(
        self, networks: str | Sequence[str], wanted: Collection[tuple[str, str]] | None = None
    ) -> pd.DataFrame:
        """Columns ``station_id, instrument_id, start``: the latest native reading of every instrument, in one query where it can.

        Parameters
        ----------
        networks : str or sequence of str
        wanted : collection of (station id, instrument id) or None
            Instruments to look for, recent times first (`store.influx.last`). None: every one that ever wrote, which reads the
            whole history.
        """
        codes = (networks,) if isinstance(networks, str) else networks
        if wanted is None:
            return read.last_frame(self._select(Bucket.NATIVE, newest(codes, None)))
        return read_lasts(partial(self._select, Bucket.NATIVE), codes, wanted, datetime.now(UTC))

    def count_values(self, network: str, start: datetime, end: datetime) -> int:
        """Native values (not statuses) stored of a network in ``[start, end)``."""
        question = select(network, start, end).replace("SELECT *", "SELECT count(*)", 1)
        series: list[Any] = self._http.query_json(question, Bucket.NATIVE)
        if not series:
            return 0
        counts = zip(series[0]["columns"], series[0]["values"][0], strict=True)
        return sum(count or 0 for name, count in counts if name != "time" and not name.endswith(STATUS))

    def _read_hourly(
        self, network: str, start: datetime, end: datetime, parameters: Sequence[str] | None, tags: Mapping[str, str]
    ) -> dict[str, pd.DataFrame]:
        columns = [name + suffix for name in parameters or () for suffix in ("", COUNT, FLAG, COMPLETENESS)]
        question = select(network, start, end, columns=[*columns, "station"] if columns else (), tags=tags)
        return read_hourly.hourly_frames(self._select(Bucket.HOURLY, question), parameters)

    def _select(self, bucket: Bucket, question: str) -> bytes:
        return self._csv.ask(question, bucket)

    def _field_types(self, measurement: str, bucket: Bucket = Bucket.PRODUCT) -> dict[str, str]:
        series: list[Any] = self._http.query_json(f"SHOW FIELD KEYS FROM {quote_identifier(measurement)}", bucket)
        return {name: kind for item in series for name, kind in item["values"]}
