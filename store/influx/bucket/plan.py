"""Databases and retention policies (1.x), buckets and their InfluxQL mappings (2.x): a plan first, then its steps.

The plan compares what is there with what is wanted; a retention is changed only where one is set. On 2.x every bucket
gets a mapping of its own (database, retention policy), ``native`` the default one, so that other tools read by ``db=`` alone. InfluxDB 3
makes a database with the first write to it, so nothing is planned there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.error import StoreError
from store.influx.bucket.step import FOREVER, V2, V3, BucketAction, BucketState, Step, bucket_name
from store.influx.bucket.v1 import has_database, states_v1, take_v1
from store.influx.bucket.v2 import states_v2, take_v2
from store.influx.http import Bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.influx.http import InfluxHttp


def ensure_buckets(http: InfluxHttp) -> None:
    """Make whatever is missing of what is written to, and change nothing that exists; harmless when repeated.

    Raises
    ------
    StoreError
        And its kinds; the message names what could not be made and why.
    """
    apply(http, plan(http, {}))


def plan(http: InfluxHttp, keep_s: Mapping[Bucket, int], *, remap: bool = False) -> list[Step]:
    """Steps from the existing buckets to the wanted ones; empty where nothing has to change.

    Parameters
    ----------
    http : InfluxHttp
    keep_s : mapping of Bucket to int
        Retention wanted [s], 0 for ever; a bucket that is not named keeps its own, and an absent one is kept for ever.
    remap : bool
        Whether a mapping that points to another bucket is replaced; otherwise it is an error.

    Raises
    ------
    StoreError
    """
    major = http.server.number[0]
    if major >= V3:
        return []
    steps = [] if major >= V2 or has_database(http) else [_database_step(http)]
    states = [] if steps else list(read_states(http))
    known = {state.bucket: state for state in states}
    for bucket in Bucket:
        state = known.get(bucket) or BucketState(bucket=bucket, name=bucket_name(http, bucket))
        steps += _retention_steps(state, keep_s.get(bucket))
        if major >= V2:
            steps += _mapping_steps(http, state, remap=remap)
    return steps


def apply(http: InfluxHttp, steps: list[Step]) -> None:
    """Apply the steps of a plan in order; raises `StoreError` at the first that fails, and may be called again."""
    if not steps:
        return
    if http.server.number[0] >= V2:
        take_v2(http, steps)
        return
    for step in steps:
        take_v1(http, step)


def read_states(http: InfluxHttp) -> list[BucketState]:
    """Present state of all buckets, in the order of `Bucket`."""
    return states_v1(http) if http.server.number[0] < V2 else states_v2(http)


def _database_step(http: InfluxHttp) -> Step:
    return Step(kind=BucketAction.CREATE_DATABASE, bucket=None, name=http.database)


def _retention_steps(state: BucketState, keep_s: int | None) -> list[Step]:
    bucket, name, before = state.bucket, state.name, state.keep_s
    if before is None:
        return [Step(kind=BucketAction.CREATE, bucket=bucket, name=name, keep_s=keep_s or FOREVER)]
    if keep_s is None or keep_s == before:
        return []
    is_longer = keep_s == FOREVER or FOREVER < before < keep_s
    kind = BucketAction.KEEP_LONGER if is_longer else BucketAction.KEEP_SHORTER
    return [Step(kind=kind, bucket=bucket, name=name, keep_s=keep_s, before_s=before)]


def _mapping_steps(http: InfluxHttp, state: BucketState, *, remap: bool) -> list[Step]:
    if not state.mapped_to:
        return [Step(kind=BucketAction.MAP, bucket=state.bucket, name=state.name)]
    is_own = state.keep_s is not None and state.mapped_to == state.name
    if is_own and (state.is_default or state.bucket is not Bucket.NATIVE):
        return []
    if not is_own and not remap:
        msg = (
            f"InfluxDB at {http.url}: database {http.database}, retention policy {state.bucket} is mapped to bucket "
            f"{state.mapped_to}, not to {state.name}: reads would come from there. `skyground migrate --remap` replaces the "
            "mapping; or set SKYGROUND_INFLUX_DATABASE to a name that is not in use"
        )
        raise StoreError(msg)
    other = f"{state.name}, not the default" if is_own else state.mapped_to
    return [Step(kind=BucketAction.REMAP, bucket=state.bucket, name=state.name, other=other)]
