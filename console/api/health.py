"""The answer of ``/health``."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from console.api.answer import json_answer, moment_text
from console.query.reading import HEALTH, read_in
from console.view.health import summarise
from console.view.query import format_utc
from schemas.words import sentences
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Response

    from alerts.channels.outage import MailState
    from console.query.queries import Queries

_HEALTH_WITHIN_S = 4.0
"""Below the patience of what asks for it: `console.local.process.http_answers` and the health check of compose [s]."""


async def health_in_time(queries: Queries) -> Response:
    """State of the network; without an answer of the databases within `_HEALTH_WITHIN_S` just that."""
    try:
        return await read_in(HEALTH, partial(_answer_health, queries), within_s=_HEALTH_WITHIN_S)
    except TimeoutError:
        detail = f"no answer of the databases within {_HEALTH_WITHIN_S:g} s"
        database = {"ok": False, "detail": detail}
        return json_answer(_unknown({"time": format_utc(datetime.now(UTC)), "influxdb": database}, detail))


def _unknown(report: Mapping[str, object], detail: str) -> dict[str, object]:
    """The answer where the state of the network cannot be read."""
    return {"ok": False, **report, "detail": detail, "summary": None, "stations": [], "processes": []}


def _answer_health(queries: Queries) -> Response:
    database = queries.influx.health()
    report: dict[str, object] = {
        "time": format_utc(datetime.now(UTC)),
        "influxdb": {"ok": database.ok, "detail": database.detail},
    }
    try:
        data = queries.health()
    except StoreError as error:
        return json_answer(_unknown(report, str(error)))
    if (mail := data.mail) is not None:
        report["mail"] = _mail(mail)
    listed = [
        {
            "id": row.station.id,
            "state": str(row.state),
            "last_seen": format_utc(row.last_seen) if row.last_seen else None,
            "lag_s": None if row.lag is None else row.lag.total_seconds(),
            "since": format_utc(row.since) if row.since else None,
            "rejected_24h": row.rejected.count,
            "completeness_24h": row.completeness,
        }
        for row in data.rows
    ]
    processes = [
        {
            "name": item.name,
            "host": item.host,
            "state": item.state(data.read_at).value,
            "beat_at": format_utc(item.beat_at),
            "restarts": item.restarts,
            "complaint": sentences(item.complaint, "en"),
        }
        for item in data.processes
    ]
    report["notification"] = _notification(queries)
    counts = summarise(data.rows).counts._asdict()
    report |= {"detail": "", "summary": counts, "stations": listed, "processes": processes}
    return json_answer({"ok": database.ok, **report})


def _notification(queries: Queries) -> dict[str, object]:
    duty = queries.duty()
    return {
        "due": duty.due,
        "oldest": moment_text(duty.oldest),
        "later": duty.later,
        "held": duty.held,
        "watch_behind_s": None if duty.behind is None else duty.behind.total_seconds(),
        "people_problem": duty.problem,
        "teams": [
            {
                "team": item.team.id,
                "now": list(item.now),
                "until": moment_text(item.until),
                "next": list(item.following),
                "next_at": moment_text(item.next_at),
            }
            for item in duty.teams
        ],
        "holes": [
            {"team": hole.team, "from": moment_text(hole.interval.start), "to": moment_text(hole.interval.end)}
            for hole in duty.holes
        ],
    }


def _mail(mail: MailState) -> dict[str, object]:
    return {
        "ok": False if mail.is_troubled else mail.ok,
        "detail": mail.detail,
        "since": format_utc(mail.since) if mail.since else None,
        "checked_at": format_utc(mail.checked_at) if mail.checked_at else None,
        "waiting": mail.waiting,
        "oldest": format_utc(mail.oldest) if mail.oldest else None,
        "failed_24h": mail.failed,
    }
