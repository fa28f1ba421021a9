"""Databases and retention policies (1.x), buckets and their InfluxQL mappings (2.x): a plan first, then its steps.

The plan compares what is there with what is wanted; a retention is changed only where one is asked for. On 2.x every bucket
gets a mapping of its own (database, retention policy), ``native`` the default one, so that other tools read by ``db=`` alone. InfluxDB 3
makes a database with the first write to it, so nothing is planned there.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec
from influxdb_client.domain.bucket import Bucket as BucketBody
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.dbrp_create import DBRPCreate
from influxdb_client.service.dbr_ps_service import DBRPsService

from store.error import StoreAccessError, StoreError, StoreMissingError
from store.influx.http import WRITTEN, Bucket, error_of, explained
from store.influx.influxql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influxdb_client.domain.dbrp import DBRP

    from store.influx.http import InfluxHttp

_V2, _V3 = 2, 3
FOREVER: Final = 0
"""Retention of what is never deleted [s], as InfluxDB itself writes it."""
_PROBE = "skyground_probe"
_UNITS_S = {"h": 3600, "d": 86_400, "w": 604_800, "m": 60, "s": 1}


class StepKind(StrEnum):
    """What a step does."""

    CREATE_DATABASE = "create_database"
    CREATE = "create"
    KEEP_LONGER = "keep_longer"
    KEEP_SHORTER = "keep_shorter"
    """Deletes what is older."""
    MAP = "map"
    REMAP = "remap"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a plan asks for.

    Attributes
    ----------
    bucket : Bucket or None
        None: the database itself.
    name : str
        As the server has it: ``skyground/native``, on 1.x ``skyground.native``.
    keep_s : int
        Retention that is wanted [s]; 0: for ever.
    before_s : int or None
        Retention so far [s]; None where there was none.
    other : str
        Of a mapping: the bucket it points to so far.
    """

    kind: StepKind
    bucket: Bucket | None
    name: str
    keep_s: int = FOREVER
    before_s: int | None = None
    other: str = ""

    @property
    def deletes(self) -> bool:
        """Whether readings older than the retention are deleted."""
        return self.kind is StepKind.KEEP_SHORTER

    def __str__(self) -> str:
        words = {
            StepKind.CREATE_DATABASE: f"create database {self.name}",
            StepKind.CREATE: f"create {self.name}, kept {span_text(self.keep_s)}",
            StepKind.KEEP_LONGER: f"keep {self.name} {span_text(self.keep_s)} instead of {span_text(self.before_s)}",
            StepKind.KEEP_SHORTER: f"keep {self.name} {span_text(self.keep_s)} instead of {span_text(self.before_s)}: "
            "DELETES what is older",
            StepKind.MAP: f"map database and retention policy {self.name.replace('/', '.')} to the bucket {self.name}"
            + (" (the default)" if self.bucket is Bucket.NATIVE else ""),
            StepKind.REMAP: f"map {self.name.replace('/', '.')} to the bucket {self.name} instead of {self.other}",
        }
        return words[self.kind]


class BucketState(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as it stands.

    Attributes
    ----------
    name : str
        As the server has it, or would have it.
    keep_s : int or None
        Retention [s], 0 for ever; None: absent.
    mapped_to : str
        On 2.x the name (or id, where it cannot be seen) of the bucket that its database and retention policy are mapped to; empty: no
        mapping was made.
    is_default : bool
        Whether that mapping is the one of the database.
    """

    bucket: Bucket
    name: str
    keep_s: int | None = None
    mapped_to: str = ""
    is_default: bool = False


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What the credentials may do with a bucket; empty words: it works."""

    bucket: Bucket
    cannot_write: str = ""
    cannot_read: str = ""


def parse_span(text: str) -> int:
    """Read a retention such as ``730d``, ``26w``, ``48h``; ``0`` or ``forever``: for ever.

    Returns
    -------
    int
        [s]

    Raises
    ------
    ValueError
        Not such a span; InfluxDB demands at least an hour, the shortest that can be written.
    """
    if text.strip().lower() in {"0", "inf", "forever"}:
        return FOREVER
    match = re.fullmatch(r"\s*(\d{1,9})([hdw])\s*", text)
    if match is None or not int(match[1]):
        msg = f"{text!r}: expected a retention such as 730d, 26w, 48h, or forever"
        raise ValueError(msg)
    return int(match[1]) * _UNITS_S[match[2]]


def span_text(seconds: int | None) -> str:
    """``730d``, ``48h``, ``for ever``; empty for None."""
    if seconds is None:
        return ""
    if seconds == FOREVER:
        return "for ever"
    return f"{seconds // 86_400}d" if seconds % 86_400 == 0 else f"{seconds / 3600:g}h"


def ensure_buckets(http: InfluxHttp) -> None:
    """Make everything exist that is written to, and change nothing that is there; harmless when it does.

    Raises
    ------
    StoreError
        And its kinds; says which thing could not be made and why.
    """
    apply(http, plan(http, {}))


def plan(http: InfluxHttp, keep_s: Mapping[Bucket, int], *, remap: bool = False) -> list[Step]:
    """Steps from what is there to what is wanted; empty where nothing has to change.

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
    if major >= _V3:
        return []
    steps = [] if major >= _V2 or _has_database(http) else [_database_step(http)]
    states = [] if steps else list(read_states(http))
    known = {state.bucket: state for state in states}
    for bucket in Bucket:
        state = known.get(bucket) or BucketState(bucket=bucket, name=_name(http, bucket))
        steps += _retention_steps(state, keep_s.get(bucket))
        if major >= _V2:
            steps += _mapping_steps(http, state, remap=remap)
    return steps


def apply(http: InfluxHttp, steps: list[Step]) -> None:
    """Take the steps of a plan in order; raises `StoreError` at the first that fails, and may be called again."""
    if not steps:
        return
    if http.server.number[0] >= _V2:
        _take_v2(http, steps)
        return
    for step in steps:
        _take_v1(http, step)


def read_states(http: InfluxHttp) -> list[BucketState]:
    """All buckets as they stand, in the order of `Bucket`."""
    return _states_v1(http) if http.server.number[0] < _V2 else _states_v2(http)


def try_access(http: InfluxHttp) -> list[Access]:
    """Try to write to and to read from every bucket with the credentials at hand; nothing is written.

    An empty write is checked by the server like any other (organisation, bucket, permission), and stores nothing.

    Raises
    ------
    StoreUnavailableError
    """
    policies = _policies_v1(http) if http.server.number[0] < _V2 else None
    found = []
    for bucket in Bucket:
        if isinstance(policies, str):
            found.append(Access(bucket=bucket, cannot_write=policies, cannot_read=policies))
            continue
        absent = policies is not None and str(bucket) not in policies
        words = f"there is no retention policy {_name(http, bucket)}" if absent else ""
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


def _name(http: InfluxHttp, bucket: Bucket) -> str:
    return f"{http.database}{'.' if http.server.number[0] < _V2 else '/'}{bucket}"


def _database_step(http: InfluxHttp) -> Step:
    return Step(kind=StepKind.CREATE_DATABASE, bucket=None, name=http.database)


def _retention_steps(state: BucketState, keep_s: int | None) -> list[Step]:
    bucket, name, before = state.bucket, state.name, state.keep_s
    if before is None:
        return [Step(kind=StepKind.CREATE, bucket=bucket, name=name, keep_s=keep_s or FOREVER)]
    if keep_s is None or keep_s == before:
        return []
    is_longer = keep_s == FOREVER or FOREVER < before < keep_s
    kind = StepKind.KEEP_LONGER if is_longer else StepKind.KEEP_SHORTER
    return [Step(kind=kind, bucket=bucket, name=name, keep_s=keep_s, before_s=before)]


def _mapping_steps(http: InfluxHttp, state: BucketState, *, remap: bool) -> list[Step]:
    if not state.mapped_to:
        return [Step(kind=StepKind.MAP, bucket=state.bucket, name=state.name)]
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
    return [Step(kind=StepKind.REMAP, bucket=state.bucket, name=state.name, other=other)]


# --- 1.x: retention policies by statements


def _has_database(http: InfluxHttp) -> bool:
    series = http.query_json("SHOW DATABASES")
    rows: Any = series[0].get("values", []) if series else []
    return http.database in {row[0] for row in rows}


def _states_v1(http: InfluxHttp) -> list[BucketState]:
    kept = _kept_v1(http)
    return [BucketState(bucket=bucket, name=_name(http, bucket), keep_s=kept.get(str(bucket))) for bucket in Bucket]


def _kept_v1(http: InfluxHttp) -> dict[str, int]:
    series = http.query_json(f"SHOW RETENTION POLICIES ON {quote_identifier(http.database)}")
    rows: Any = series[0].get("values", []) if series else []
    return {str(row[0]): _seconds_of(str(row[1])) for row in rows}


def _policies_v1(http: InfluxHttp) -> dict[str, int] | str:
    """Retention policies that are there, or why they cannot be asked for."""
    try:
        return _kept_v1(http)
    except (StoreAccessError, StoreMissingError) as error:
        return str(error)


def _seconds_of(duration: str) -> int:
    """Seconds of a duration of Go such as ``168h0m0s``."""
    return sum(int(count) * _UNITS_S[unit] for count, unit in re.findall(r"(\d+)([hms])", duration))


def _take_v1(http: InfluxHttp, step: Step) -> None:
    database = quote_identifier(http.database)
    if step.bucket is None:
        http.query_json(f"CREATE DATABASE {database}")
        return
    verb = "CREATE" if step.kind is StepKind.CREATE else "ALTER"
    duration = "INF" if step.keep_s == FOREVER else f"{step.keep_s}s"
    tail = " REPLICATION 1" if step.kind is StepKind.CREATE else ""
    tail += " DEFAULT" if step.kind is StepKind.CREATE and step.bucket is Bucket.NATIVE else ""
    http.query_json(f"{verb} RETENTION POLICY {quote_identifier(step.bucket)} ON {database} DURATION {duration}{tail}")


# --- 2.x: buckets and mappings by influxdb-client's own services


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


def _states_v2(http: InfluxHttp) -> list[BucketState]:
    org_id = organisation_id(http)
    there = buckets_by_name(http)
    names = {str(item.id): name for name, item in there.items()}
    mappings = {str(item.retention_policy): item for item in _mappings(http, org_id)}
    return [
        BucketState(
            bucket=bucket,
            name=_name(http, bucket),
            keep_s=_kept_v2(there.get(_name(http, bucket))),
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


def _take_v2(http: InfluxHttp, steps: list[Step]) -> None:
    org_id = organisation_id(http)
    buckets = http.client.buckets_api()
    for step in steps:
        rules = [] if step.keep_s == FOREVER else [BucketRetentionRules(type="expire", every_seconds=step.keep_s)]
        with explained(http):
            if step.kind is StepKind.CREATE:
                buckets.create_bucket(BucketBody(name=step.name, org_id=org_id, retention_rules=rules))
            elif step.kind in {StepKind.KEEP_LONGER, StepKind.KEEP_SHORTER}:
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
