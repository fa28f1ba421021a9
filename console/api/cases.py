"""The answers of ``/cases``: cases of alerts, who was notified of them, and the actions of persons."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Response

from alerts.case.action import LONGEST_MUTE, ActionRequest, CaseAction
from console.api.answer import json_answer, moment_text
from console.api.problem import NotFoundProblem
from console.api.word import MOST_CASES, PREFIX
from console.query.case_map import draw_case_map
from console.view.query import SeriesQueryError, expected, format_utc, parse_whole, query_moment
from schemas.alert_case import Audience, CaseState
from schemas.words import LANGUAGES
from store.state import CaseQuery

if TYPE_CHECKING:
    from console.query.queries import Queries
    from console.view.case_mail import CaseRecord
    from schemas.alert_case import AlertCase
    from store.state import Notice

_Word = TypeVar("_Word", bound=StrEnum)
_ABSENT = "There is no case {key}; GET /api/v1/cases lists them."
_NO_MAP = "The case {key} has no map: fewer than two stations have a place."
_LONGEST_TEXT = 2_000
_MOST_OFFSET = 1_000_000
_NEEDS = {
    CaseAction.ASSIGN: "to",
    CaseAction.HAND_OVER: "to",
    CaseAction.MUTE: "until",
    CaseAction.RESOLVE: "cause",
    CaseAction.COMMENT: "text",
}


def answer_cases(queries: Queries, given: dict[str, str]) -> Response:
    """Cases, the open ones first; raises `SeriesQueryError`, `store.error.StoreError`."""
    zone = queries.network.timezone
    start, end = query_moment(given, "from", zone), query_moment(given, "to", zone, end_of_day=True)
    if start is not None and end is not None and end <= start:
        raise SeriesQueryError(field="to", given=given["to"], expected=expected("later", start=format_utc(start)))
    query = CaseQuery(
        state=_word(given, "state", CaseState),
        audience=_word(given, "audience", Audience),
        since_from=start,
        since_to=end,
        offset=parse_whole(given, "offset", least=0, most=_MOST_OFFSET) or 0,
        limit=parse_whole(given, "limit", least=1, most=MOST_CASES) or MOST_CASES,
    )
    found = queries.case_page(query)
    following = query.offset + query.limit if found.is_more else None
    rest = f"{PREFIX}/cases?{urlencode({**given, 'offset': str(following)}, safe=',:')}" if following else None
    body = {
        "limit": query.limit,
        "next": following,
        "open": found.open_count,
        "cases": [_case(item.case) for item in found.records],
    }
    return json_answer(body, rest=rest)


def answer_case(queries: Queries, case_id: str) -> Response:
    """One case with its steps and notices; raises `NotFoundProblem`."""
    return json_answer(_whole(_record(queries, case_id)))


def answer_case_map(queries: Queries, case_id: str, given: dict[str, str]) -> Response:
    """PNG of the stations of a case; raises `NotFoundProblem`, and `SeriesQueryError` for an unknown language or theme."""
    language, theme = given.get("language") or str(queries.settings.language), given.get("theme") or "light"
    if language not in LANGUAGES:
        raise SeriesQueryError(field="language", given=language, expected=f"one of {', '.join(LANGUAGES)}")
    if theme not in {"light", "dark"}:
        raise SeriesQueryError(field="theme", given=theme, expected="one of light, dark")
    record = _record(queries, case_id)
    drawn = draw_case_map(
        record, queries.network, queries.people.read(), datetime.now(UTC), language=language, dark=theme == "dark"
    )
    if drawn is None:
        raise NotFoundProblem(_NO_MAP.format(key=case_id))
    return Response(drawn, media_type="image/png", headers={"cache-control": "private, max-age=60"})


def answer_action(queries: Queries, case_id: str, body: bytes) -> Response:
    """Do what a person asks for, and answer the case after it.

    Raises
    ------
    SeriesQueryError
        A field is wrong or missing.
    NotFoundProblem
        There is no such case.
    alerts.case.life.CaseStepError
        The case does not allow it.
    """
    request = _request(queries, body)
    after = queries.act(case_id, request)
    if after is None:
        raise NotFoundProblem(_ABSENT.format(key=case_id))
    return answer_case(queries, after.id)


def _request(queries: Queries, body: bytes) -> ActionRequest:
    """The request of a body; names of persons are those of the people file where there is one."""
    try:
        given = msgspec.json.decode(body, type=ActionRequest)
    except msgspec.MsgspecError as error:
        raise SeriesQueryError(field="body", given=_shown(body), expected=f"an action as JSON: {error}") from error
    found = msgspec.structs.replace(given, via="api", reference="")
    persons = queries.people.read().person
    is_any = queries.people.settings.people is None
    for field, value in (("by", found.by), ("to", found.to)):
        if value is None:
            continue
        if not value.strip() or len(value) > _LONGEST_TEXT or not (is_any or value in persons):
            raise SeriesQueryError(field=field, given=value[:80], expected="the id of a person of the people file")
    if len(found.text) > _LONGEST_TEXT:
        raise SeriesQueryError(field="text", given=found.text[:80], expected=f"at most {_LONGEST_TEXT} characters")
    needed = _NEEDS.get(found.action)
    if needed is not None and not getattr(found, needed):
        raise SeriesQueryError(field=needed, given="", expected=f"a value with the action {found.action}")
    _check_until(found.until)
    return found


def _check_until(until: datetime | None) -> None:
    now = datetime.now(UTC)
    if until is not None and (until.tzinfo is None or not now < until <= now + LONGEST_MUTE):
        wanted = f"a later time with offset, at most {LONGEST_MUTE.days} days from now"
        raise SeriesQueryError(field="until", given=until.isoformat(), expected=wanted)


def _shown(body: bytes) -> str:
    return body[:80].decode(errors="replace")


def _record(queries: Queries, case_id: str) -> CaseRecord:
    record = queries.case(case_id)
    if record is None:
        raise NotFoundProblem(_ABSENT.format(key=case_id))
    return record


def _word(given: dict[str, str], name: str, kind: type[_Word]) -> _Word | None:
    text = given.get(name)
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise SeriesQueryError(field=name, given=text, expected=f"one of {', '.join(kind)}") from None


def _case(item: AlertCase) -> dict[str, Any]:
    """A case; moments as everywhere in the API."""
    body: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(item, steps=()))
    del body["steps"]
    return body


def _whole(record: CaseRecord) -> dict[str, Any]:
    steps = [msgspec.to_builtins(step) for step in record.case.steps]
    for step in steps:
        del step["alerts"], step["case_id"]
    return _case(record.case) | {"steps": steps, "notices": [_notice(item) for item in record.notices]}


def _notice(item: Notice) -> dict[str, Any]:
    return {
        "recipient": item.recipient,
        "channel": item.channel,
        "state": item.state,
        "known_version": item.known,
        "wanted_version": item.wanted,
        "sent_at": moment_text(item.sent_at),
        "due_at": moment_text(item.due_at),
        "attempts": item.attempts,
        "detail": item.detail,
    }
