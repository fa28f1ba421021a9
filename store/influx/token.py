"""Tokens of InfluxDB 2.x with the least rights that a part needs, made by influxdb-client's authorisations service.

A token is bound to the buckets by their ids: it cannot create, delete or administer anything, nor see other buckets. Writes go
by the bucket's name and reads through the mapping, neither of which asks for more (tried on InfluxDB 2.7).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource

from store.error import StoreError, StoreMissingError
from store.influx.bucket.v2 import buckets_by_name, organisation_id
from store.influx.http import Bucket, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from influxdb_client.domain.authorization import Authorization

    from store.influx.http import InfluxHttp

_PREFIX = "skyground "
_V2, _V3 = 2, 3


class TokenOwner(StrEnum):
    """Parts that use InfluxDB."""

    COLLECTOR = "collector"
    AIRFLOW = "airflow"
    WATCH = "watch"
    CONSOLE = "console"


_ALL = frozenset(Bucket)
READS: dict[TokenOwner, frozenset[Bucket]] = {
    # the collector reads back what it replaces and what its gaps are
    TokenOwner.COLLECTOR: frozenset({Bucket.NATIVE, Bucket.OPS}),
    TokenOwner.AIRFLOW: _ALL,
    TokenOwner.WATCH: _ALL,
    TokenOwner.CONSOLE: _ALL,
}
WRITES: dict[TokenOwner, frozenset[Bucket]] = {
    TokenOwner.COLLECTOR: frozenset({Bucket.NATIVE, Bucket.OPS}),
    # quality control writes flags of native values, hours and products
    TokenOwner.AIRFLOW: _ALL,
    TokenOwner.WATCH: frozenset(),
    TokenOwner.CONSOLE: frozenset(),
}


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was made; ``secret`` is known at its creation only, empty later."""

    id: str
    part: str
    is_active: bool
    secret: str = ""


def create_token(http: InfluxHttp, part: TokenOwner) -> Token:
    """Make a token for a part; its buckets have to exist.

    Raises
    ------
    StoreMissingError
        The organisation, or a bucket: `skyground migrate` comes first.
    StoreAccessError
        The credentials at hand may not make tokens.
    StoreError
        Not a 2.x server.
    """
    _require_v2(http)
    org_id, there = organisation_id(http), buckets_by_name(http)
    permissions = list(_permissions(http, part, org_id, {name: str(item.id) for name, item in there.items()}))
    with explained(http):
        api = http.client.authorizations_api()
        body = _authorization(org_id, permissions, _PREFIX + part)
        made = api.create_authorization(authorization=body)
    return Token(id=str(made.id), part=str(part), is_active=made.status == "active", secret=str(made.token))


def list_tokens(http: InfluxHttp) -> list[Token]:
    """Tokens of this project, without their secrets."""
    return [
        Token(id=str(item.id), part=str(item.description).removeprefix(_PREFIX), is_active=item.status == "active")
        for item in _authorizations(http)
    ]


def revoke_token(http: InfluxHttp, token_id: str) -> Token:
    """Delete one of this project's tokens; raises `StoreMissingError` where there is none of that id."""
    found = [item for item in list_tokens(http) if item.id == token_id]
    if not found:
        msg = (
            f"InfluxDB at {http.url} has no token of skyground with id {token_id!r}; `skyground token list` names them"
        )
        raise StoreMissingError(msg)
    with explained(http):
        http.client.authorizations_api().delete_authorization(token_id)
    return found[0]


def _authorizations(http: InfluxHttp) -> list[Authorization]:
    _require_v2(http)
    org_id = organisation_id(http)
    with explained(http):
        found = http.client.authorizations_api().find_authorizations(org_id=org_id)
    return [item for item in found if str(item.description or "").startswith(_PREFIX)]


def _authorization(org_id: str, permissions: list[Permission], description: str) -> Authorization:
    from influxdb_client.domain.authorization import Authorization

    body = Authorization(org_id=org_id, permissions=permissions)
    body.description = description
    return body


def _permissions(http: InfluxHttp, part: TokenOwner, org_id: str, ids: dict[str, str]) -> Iterator[Permission]:
    for action, buckets in (("read", READS[part]), ("write", WRITES[part])):
        for bucket in sorted(buckets):
            name = f"{http.database}/{bucket}"
            if name not in ids:
                msg = f"InfluxDB at {http.url} has no bucket {name}: run `skyground migrate` first"
                raise StoreMissingError(msg)
            yield Permission(action=action, resource=PermissionResource(type="buckets", id=ids[name], org_id=org_id))


def _require_v2(http: InfluxHttp) -> None:
    if not _V2 <= http.server.number[0] < _V3:
        msg = (
            f"InfluxDB {http.server.version} at {http.url} has no such tokens: 1.x has users "
            "(CREATE USER, GRANT; SKYGROUND_INFLUX_USER), 3.x its own command for tokens"
        )
        raise StoreError(msg)
