"""Buckets and InfluxQL mappings of InfluxDB 2.x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from influxdb_client.domain.bucket import Bucket as BucketBody
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.dbrp_create import DBRPCreate
from influxdb_client.service.dbr_ps_service import DBRPsService

from store.error import StoreAccessError, StoreMissingError
from store.influx.bucket.step import FOREVER, BucketAction, BucketState, Step, bucket_name
from store.influx.http import Bucket, explained

if TYPE_CHECKING:
    from influxdb_client.domain.dbrp import DBRP

    from store.influx.http import InfluxHttp


def organisation_id(http: InfluxHttp) -> str:
    """Id of the organisation of the settings.

    Raises
    ------
    StoreMissingError
        There is none of that name; the message lists those that the token may see.
    StoreAccessError
    """
    with explained(http):
        found = http.client.organizations_api().find_organizations()
    names = sorted(str(item.name) for item in found)
    for item in found:
        if item.name == http.org:
            return str(item.id)
    if not names:
        msg = f"InfluxDB at {http.url}: this token may not look up organisations, so it cannot administer buckets"
        raise StoreAccessError(msg)
    msg = (
        f"InfluxDB at {http.url} has no organisation {http.org!r}, the token may see: {', '.join(names)}; "
        "set SKYGROUND_INFLUX_ORG. An organisation is not created"
    )
    raise StoreMissingError(msg)


def buckets_by_name(http: InfluxHttp) -> dict[str, BucketBody]:
    """Buckets of the organisation that the token may see."""
    with explained(http):
        return {str(item.name): item for item in http.client.buckets_api().find_buckets_iter(org=http.org)}


def states_v2(http: InfluxHttp) -> list[BucketState]:
    """Buckets with their mappings, in the order of `Bucket`."""
    org_id = organisation_id(http)
    there = buckets_by_name(http)
    names = {str(item.id): name for name, item in there.items()}
    mappings = {str(item.retention_policy): item for item in _mappings(http, org_id)}
    return [
        BucketState(
            bucket=bucket,
            name=bucket_name(http, bucket),
            keep_s=_kept_v2(there.get(bucket_name(http, bucket))),
            mapped_to="" if mapping is None else names.get(str(mapping.bucket_id), str(mapping.bucket_id)),
            is_default=bool(mapping and mapping.default),
        )
        for bucket in Bucket
        for mapping in [mappings.get(str(bucket))]
    ]


def _kept_v2(body: BucketBody | None) -> int | None:
    if body is None:
        return None
    return int(body.retention_rules[0].every_seconds) if body.retention_rules else FOREVER


def _mappings(http: InfluxHttp, org_id: str) -> list[DBRP]:
    """Mappings that were made; a virtual one, which the bucket's name implies, is none and has the id of its bucket."""
    # influxdb-client 1.50 does not carry the field `virtual`
    with explained(http):
        found = DBRPsService(http.client.api_client).get_dbr_ps(org_id=org_id, db=http.database)
    return [item for item in found.content or [] if str(item.id) != str(item.bucket_id)]


def take_v2(http: InfluxHttp, steps: list[Step]) -> None:
    """Take steps in order; raises `StoreError` at the first that fails."""
    org_id = organisation_id(http)
    buckets = http.client.buckets_api()
    for step in steps:
        rules = [] if step.keep_s == FOREVER else [BucketRetentionRules(type="expire", every_seconds=step.keep_s)]
        with explained(http):
            if step.kind is BucketAction.CREATE:
                buckets.create_bucket(BucketBody(name=step.name, org_id=org_id, retention_rules=rules))
            elif step.kind in {BucketAction.KEEP_LONGER, BucketAction.KEEP_SHORTER}:
                body = buckets.find_bucket_by_name(step.name)
                body.retention_rules = rules or [BucketRetentionRules(type="expire", every_seconds=FOREVER)]
                buckets.update_bucket(body)
            else:
                _map(http, step, org_id)


def _map(http: InfluxHttp, step: Step, org_id: str) -> None:
    service = DBRPsService(http.client.api_client)
    for item in _mappings(http, org_id):
        if item.retention_policy == str(step.bucket):
            service.delete_dbrpid(str(item.id), org_id=org_id)
    body = DBRPCreate(
        org_id=org_id,
        bucket_id=str(http.client.buckets_api().find_bucket_by_name(step.name).id),
        database=http.database,
        retention_policy=str(step.bucket),
        default=step.bucket is Bucket.NATIVE,
    )
    service.post_dbrp(body)
