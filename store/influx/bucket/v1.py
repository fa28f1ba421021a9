"""Databases and retention policies of InfluxDB 1.x."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from store.error import StoreAccessError, StoreMissingError
from store.influx.bucket.step import _UNITS_S, FOREVER, BucketAction, BucketState, Step, bucket_name
from store.influx.http import Bucket
from store.influx.influxql import quote_identifier

if TYPE_CHECKING:
    from store.influx.http import InfluxHttp


def has_database(http: InfluxHttp) -> bool:
    """Whether the database exists."""
    series = http.query_json("SHOW DATABASES")
    rows: Any = series[0].get("values", []) if series else []
    return http.database in {row[0] for row in rows}


def states_v1(http: InfluxHttp) -> list[BucketState]:
    """Retention policies, in the order of `Bucket`."""
    kept = _kept_v1(http)
    return [
        BucketState(bucket=bucket, name=bucket_name(http, bucket), keep_s=kept.get(str(bucket))) for bucket in Bucket
    ]


def _kept_v1(http: InfluxHttp) -> dict[str, int]:
    series = http.query_json(f"SHOW RETENTION POLICIES ON {quote_identifier(http.database)}")
    rows: Any = series[0].get("values", []) if series else []
    return {str(row[0]): _seconds_of(str(row[1])) for row in rows}


def policies_v1(http: InfluxHttp) -> dict[str, int] | str:
    """Existing retention policies, or why they cannot be read."""
    try:
        return _kept_v1(http)
    except (StoreAccessError, StoreMissingError) as error:
        return str(error)


def _seconds_of(duration: str) -> int:
    """Seconds of a duration of Go such as ``168h0m0s``."""
    return sum(int(count) * _UNITS_S[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def take_v1(http: InfluxHttp, step: Step) -> None:
    """Take one step; raises `StoreError`."""
    database = quote_identifier(http.database)
    if step.bucket is None:
        http.query_json(f"CREATE DATABASE {database}")
        return
    verb = "CREATE" if step.kind is BucketAction.CREATE else "ALTER"
    duration = "INF" if step.keep_s == FOREVER else f"{step.keep_s}s"
    tail = " REPLICATION 1" if step.kind is BucketAction.CREATE else ""
    tail += " DEFAULT" if step.kind is BucketAction.CREATE and step.bucket is Bucket.NATIVE else ""
    http.query_json(f"{verb} RETENTION POLICY {quote_identifier(step.bucket)} ON {database} DURATION {duration}{tail}")
