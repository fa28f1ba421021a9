"""Databases and retention policies (1.x), buckets and their InfluxQL mappings (2.x): created when absent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from store.error import StoreError
from store.influx_http import Bucket, error_of, is_missing
from store.influxql import quote_identifier

if TYPE_CHECKING:
    from store.influx_http import InfluxHttp

_V2, _V3 = 2, 3


def ensure_buckets(http: InfluxHttp) -> None:
    """Make everything exist that is written to; harmless when it does.

    InfluxDB 3 creates a database with the first write to it, so nothing is done there.

    Raises
    ------
    StoreError
        And its kinds; says which thing could not be made and why.
    """
    major = http.server.number[0]
    if major < _V2:
        _ensure_v1(http)
    elif major < _V3:
        _ensure_v2(http)


def _ensure_v1(http: InfluxHttp) -> None:
    database = quote_identifier(http.database)
    http.query_json(f"CREATE DATABASE {database}")
    for bucket in Bucket:
        # creating it again with the same settings is no error; a policy that an operator has altered stays as it is
        series = http.query_json(f"SHOW RETENTION POLICIES ON {database}")
        rows: Any = series[0]["values"] if series else []
        if str(bucket) not in {row[0] for row in rows}:
            default = " DEFAULT" if bucket is Bucket.NATIVE else ""
            http.query_json(
                f"CREATE RETENTION POLICY {quote_identifier(bucket)} ON {database} DURATION INF REPLICATION 1{default}"
            )


def _ensure_v2(http: InfluxHttp) -> None:
    org_id = _org_id(http)
    for bucket in Bucket:
        bucket_id = _bucket_id(http, org_id, f"{http.database}/{bucket}")
        known = (
            _ask(http, "GET", "/api/v2/dbrps", {"orgID": org_id, "db": http.database, "rp": str(bucket)}).get("content")
            or []
        )
        if not any(item.get("bucketID") == bucket_id for item in known):
            mapping = {
                "orgID": org_id,
                "bucketID": bucket_id,
                "database": http.database,
                "retention_policy": str(bucket),
                "default": bucket is Bucket.NATIVE,
            }
            _ask(http, "POST", "/api/v2/dbrps", body=mapping)


def _org_id(http: InfluxHttp) -> str:
    found = _ask(http, "GET", "/api/v2/orgs", {"org": http.org}).get("orgs") or []
    if not found:
        msg = f"InfluxDB at {http.url} has no organisation {http.org!r} this token may see; set SKYGROUND_INFLUX_ORG"
        raise StoreError(msg)
    return str(found[0]["id"])


def _bucket_id(http: InfluxHttp, org_id: str, name: str) -> str:
    answer = http.request("GET", "/api/v2/buckets", params={"orgID": org_id, "name": name})
    found = json.loads(answer.body).get("buckets") if answer.status == 200 else None  # noqa: PLR2004 - HTTP
    if found:
        return str(found[0]["id"])
    if answer.status != 200 and not is_missing(answer):  # noqa: PLR2004 - HTTP
        raise error_of(answer, http.url, otherwise=StoreError)
    created = _ask(http, "POST", "/api/v2/buckets", body={"orgID": org_id, "name": name, "retentionRules": []})
    return str(created["id"])


def _ask(
    http: InfluxHttp,
    method: str,
    path: str,
    params: dict[str, str] | None = None,
    body: dict[str, object] | None = None,
) -> dict[str, Any]:
    answer = http.request(method, path, params=params, body=body, headers={"Accept": "application/json"})
    if answer.status >= 300:  # noqa: PLR2004 - HTTP
        raise error_of(answer, http.url, otherwise=StoreError)
    content: dict[str, Any] = json.loads(answer.body)
    return content
