"""The answers of ``/case-files``: case files of events, and their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Response

from analysis.run.product_export import case_body
from analysis.run.to_json import to_json
from console.api.answer import json_answer
from console.api.problem import NotFoundProblem
from console.api.word import MOST_CASE_FILES, PREFIX
from console.query.case_file import draw_case, for_alert
from console.view.query import SeriesQueryError, expected, format_utc, parse_whole, query_moment
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from analysis.report.stored_case import StoredCase
    from console.query.queries import Queries
    from console.view.alert import AlertHistory

_MOST_ALERT = 2**63 - 1
_ABSENT = "There is no case file {key}; GET /api/v1/case-files lists them."


def answer_case_files(queries: Queries, given: dict[str, str]) -> Response:
    """Case files, the newest event first; raises `SeriesQueryError`, `store.error.StoreError`."""
    zone = queries.network.timezone
    start, end = query_moment(given, "from", zone), query_moment(given, "to", zone, end_of_day=True)
    if start is not None and end is not None and end <= start:
        raise SeriesQueryError(field="to", given=given["to"], expected=expected("later", start=format_utc(start)))
    station = given.get("station") or None
    if station is not None and station not in queries.network.stations:
        raise SeriesQueryError(
            field="station", given=station, expected="a known station (GET /api/v1/stations lists them)"
        )
    limit = parse_whole(given, "limit", least=1, most=MOST_CASE_FILES) or MOST_CASE_FILES
    found = queries.case_files(limit=limit, station_id=station, start=start, end=end)
    return json_answer({"limit": limit, "cases": [_case(item) for item in found]})


def answer_case_file(queries: Queries, key: str) -> Response:
    """One case file; raises `NotFoundProblem` where there is none."""
    found = queries.case_file(key)
    if found is None:
        raise NotFoundProblem(_ABSENT.format(key=key))
    episodes = [to_json(item) for item in queries.case_episodes(found[0].case)]
    return json_answer(_case(found[0]) | {"joint_episodes": episodes})


def answer_picture(queries: Queries, key: str, given: dict[str, str]) -> Response:
    """PNG of a case file; raises `NotFoundProblem`, and `SeriesQueryError` for an unknown language, theme or alert."""
    language, theme = given.get("language") or str(queries.settings.language), given.get("theme") or "light"
    if language not in LANGUAGES:
        raise SeriesQueryError(field="language", given=language, expected=f"one of {', '.join(LANGUAGES)}")
    if theme not in {"light", "dark"}:
        raise SeriesQueryError(field="theme", given=theme, expected="one of light, dark")
    found, episode = queries.case_file(key), _alert(queries, given)
    item = None if found is None else found[0] if episode is None else for_alert(found[0], episode)
    drawn = None if item is None else draw_case(item, language, queries.network.timezone, dark=theme == "dark")
    if drawn is None:
        raise NotFoundProblem(_ABSENT.format(key=key))
    return Response(drawn, media_type="image/png", headers={"cache-control": "private, max-age=300"})


def _alert(queries: Queries, given: dict[str, str]) -> AlertHistory | None:
    number = parse_whole(given, "alert", least=1, most=_MOST_ALERT)
    found = None if number is None else queries.alert(number)
    if number is not None and found is None:
        raise SeriesQueryError(field="alert", given=str(number), expected="the id of an alert (GET /api/v1/alerts)")
    return found


def _case(item: StoredCase) -> dict[str, Any]:
    """The case file and the address of its picture."""
    picture = f"{PREFIX}/case-files/{item.case.key}/picture" if item.chart is not None else None
    return case_body(item) | {"picture": picture}
