"""Tests of the credentials: may they write and read each bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from store.error import StoreError
from store.influx.answer import WRITTEN, error_of
from store.influx.bucket.step import V2, bucket_name
from store.influx.bucket.v1 import policies_v1
from store.influx.http import Bucket
from store.influx.influxql import quote_identifier

if TYPE_CHECKING:
    from store.influx.http import InfluxHttp


_PROBE = "skyground_probe"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What the credentials may do with a bucket; empty words: it works."""

    bucket: Bucket
    cannot_write: str = ""
    cannot_read: str = ""


def try_access(http: InfluxHttp) -> list[Access]:
    """Try to write to and to read from every bucket with the credentials of the settings; nothing is written.

    An empty write is checked by the server like any other (organisation, bucket, permission), and stores nothing.

    Raises
    ------
    StoreUnavailableError
    """
    policies = policies_v1(http) if http.server.number[0] < V2 else None
    found = []
    for bucket in Bucket:
        if isinstance(policies, str):
            found.append(Access(bucket=bucket, cannot_write=policies, cannot_read=policies))
            continue
        absent = policies is not None and str(bucket) not in policies
        words = f"there is no retention policy {bucket_name(http, bucket)}" if absent else ""
        found.append(
            Access(
                bucket=bucket,
                cannot_write=words or _cannot_write(http, bucket),
                cannot_read=words or _cannot_read(http, bucket),
            )
        )
    return found


def _cannot_write(http: InfluxHttp, bucket: Bucket) -> str:
    answer = http.post_lines(bucket, b"")
    return "" if answer.status == WRITTEN else str(error_of(answer, http.url, otherwise=StoreError))


def _cannot_read(http: InfluxHttp, bucket: Bucket) -> str:
    try:
        http.query_json(f"SELECT * FROM {quote_identifier(_PROBE)} LIMIT 1", bucket)  # noqa: S608 - a constant, quoted
    except StoreError as error:
        return str(error)
    return ""
