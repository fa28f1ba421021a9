"""The answers of ``/mutes``: what is not reported for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from console.api.answer import json_answer
from console.api.problem import NotFoundProblem
from console.view.query import SeriesQueryError
from schemas.plain_text import plain_text
from store.state import LARGEST_ID, Mute, MuteKind, MuteMatcher

if TYPE_CHECKING:
    from fastapi import Response

    from console.query.queries import Queries

_BACK = timedelta(days=7)
_LONGEST = timedelta(days=366)
_LONGEST_TEXT = 2_000
_ABSENT = "There is no mute {key} in force or ahead; GET /api/v1/mutes lists them."


class MuteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mute that a call asks for; times aware, ``start`` None: now."""

    matcher: MuteMatcher
    end: datetime
    by: str
    reason: str
    kind: MuteKind = MuteKind.MUTE
    start: datetime | None = None


def answer_mutes(queries: Queries) -> Response:
    """Mutes of the last week, in force and ahead; raises `store.error.StoreError`."""
    now = datetime.now(UTC)
    return json_answer({"mutes": [_mute(item, now) for item in queries.state.mutes.list(ended_from=now - _BACK)]})


def answer_new_mute(queries: Queries, body: bytes) -> Response:
    """Store a mute; raises `SeriesQueryError` where a field is wrong."""
    now = datetime.now(UTC)
    try:
        given = msgspec.json.decode(body, type=MuteRequest)
    except msgspec.MsgspecError as error:
        shown = body[:80].decode(errors="replace")
        raise SeriesQueryError(field="body", given=shown, expected=f"a mute as JSON: {error}") from error
    start = given.start or now
    _check(given, start, now)
    people = queries.people
    if people.settings.people is not None and given.by not in people.read().person:
        raise SeriesQueryError(field="by", given=given.by[:80], expected="the id of a person of the people file")
    made = Mute(
        kind=given.kind,
        matcher=given.matcher,
        start=start.astimezone(UTC),
        end=given.end.astimezone(UTC),
        by=given.by.strip(),
        reason=" ".join(plain_text(given.reason).split()),
        recorded_at=now,
    )
    return json_answer(_mute(queries.state.mutes.add(made), now))


def answer_end_mute(queries: Queries, mute_id: str) -> Response:
    """End a mute; raises `NotFoundProblem` where it has ended or there is none."""
    number = int(mute_id) if mute_id.isdecimal() and len(mute_id) < len(str(LARGEST_ID)) else 0
    now = datetime.now(UTC)
    if not queries.state.mutes.end(number, now=now):
        raise NotFoundProblem(_ABSENT.format(key=mute_id[:80]))
    return answer_mutes(queries)


def _check(given: MuteRequest, start: datetime, now: datetime) -> None:
    patterns = [item for items in msgspec.structs.astuple(given.matcher) for item in items]
    if not patterns or not all(item.strip() for item in patterns):
        shown = msgspec.json.encode(given.matcher).decode()[:80]
        raise SeriesQueryError(field="matcher", given=shown, expected="at least one pattern, none empty; * covers all")
    for name, moment in (("start", start), ("end", given.end)):
        if moment.tzinfo is None:
            raise SeriesQueryError(field=name, given=moment.isoformat(), expected="a time with offset")
    if not max(start, now) < given.end <= start + _LONGEST:
        raise SeriesQueryError(
            field="end", given=given.end.isoformat(), expected="a time to come, after start, within a year of it"
        )
    for name, text in (("by", given.by), ("reason", given.reason)):
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise SeriesQueryError(field=name, given=text[:80], expected=f"1 to {_LONGEST_TEXT} characters")


def _mute(item: Mute, now: datetime) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(item)
    del body["is_end_reported"]
    return body | {"is_active": item.start <= now < item.end}
