"""The answer of ``/alerts``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from console.api.answer import json_answer
from console.api.word import MOST_ALERTS, PREFIX
from console.query.episodes import LONGEST_PAGE, EpisodeQuery
from console.view.query import SeriesQueryError, expected, format_utc, parse_whole, query_moment
from store.state import LARGEST_ID

if TYPE_CHECKING:
    from fastapi import Response

    from console.query.queries import Queries
    from console.view.alert import AlertHistory


def answer_alerts(queries: Queries, given: dict[str, str]) -> Response:
    """Episodes of alerts; raises `SeriesQueryError`, `store.error.StoreError`."""
    zone = queries.network.timezone
    start, end = query_moment(given, "from", zone), query_moment(given, "to", zone, end_of_day=True)
    if start is not None and end is not None and end <= start:
        raise SeriesQueryError(field="to", given=given["to"], expected=expected("later", start=format_utc(start)))
    stations = [part for part in given.get("station", "").split(",") if part]
    for item in stations:
        if item not in queries.network.stations:
            raise SeriesQueryError(
                field="station", given=item, expected="a known station (GET /api/v1/stations lists them)"
            )
    query = EpisodeQuery(
        start=start,
        end=end,
        stations=tuple(stations),
        before=parse_whole(given, "before", least=1, most=LARGEST_ID),
        limit=parse_whole(given, "limit", least=1, most=LONGEST_PAGE) or MOST_ALERTS,
    )
    found, now = queries.alerts(query), datetime.now(UTC)
    listed = [_alert(episode, now) for episode in found.episodes]
    more = {**given, "before": str(found.following)}
    rest = f"{PREFIX}/alerts?{urlencode(more, safe=',:')}" if found.following else None
    return json_answer({"limit": query.limit, "next": found.following, "alerts": listed}, rest=rest)


def _alert(episode: AlertHistory, now: datetime) -> dict[str, object]:
    worst, taken = episode.worst, episode.acknowledged
    extreme, latest = episode.extreme(now), episode.latest
    return {
        "id": episode.id,
        "alert_key": episode.alert_key,
        "rule": worst.rule,
        "kind": str(worst.kind),
        "severity": str(worst.severity),
        "station": worst.station_id,
        "parameter": worst.parameter,
        "state": str(episode.state),
        "since": format_utc(episode.since),
        "ended": format_utc(episode.ended) if episode.ended else None,
        "end_reason": str(episode.reason) if episode.reason else None,
        "value": extreme.value if extreme else None,
        "value_at": format_utc(extreme.at) if extreme and extreme.at else None,
        "latest": latest.value if latest else None,
        "latest_at": format_utc(latest.at) if latest and latest.at else None,
        "threshold": worst.threshold,
        "unit": worst.unit,
        "acknowledged_by": taken.who if taken else None,
        "note": taken.note if taken else None,
    }
