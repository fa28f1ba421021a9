"""``/``: is every station reporting, and what to do where one is not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from nicegui import ui

from console.view.health import select, summarise
from console.view.link import TROUBLED
from console.view.map import schematic_map
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_problem
from schemas.interval import floor_hour
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.duty import DutyState
    from console.query.health import HealthData
    from console.query.queries import Queries

REFRESH_S = 30.0
FIRST_ROWS = 20
"""Rows before "show all"; troubled ones come first."""


async def health_page(request: Request, queries: Queries) -> None:
    """Build the page; its figures refresh automatically, the filter keeps its text."""
    page = page_for(request, queries, "health")
    filters = {name: request.query_params.get(name, "") for name in ("network", "state", "q", "all")}
    data = await load(queries.health)
    with frame(page, queries, page.words("health.title")):
        html(page, "health_filter.html")
        if isinstance(data, PageProblem):
            show_problem(page, data)
            return
        summary = html(page, "health_summary.html", **_summary(data))
        duty = await load(queries.duty)
        on_duty = None if isinstance(duty, PageProblem) else html(page, "health_duty.html", **_duty(queries, duty))
        with ui.element("section").classes("card stack"):
            html(
                page,
                "health_form.html",
                networks=[str(code) for code in NetworkCode],
                **{name: filters[name] for name in ("network", "state", "q")},
            )
            table = html(page, "health_table.html", **_table(data, filters))

    async def refresh() -> None:
        latest = await load(queries.health)
        if not isinstance(latest, PageProblem):
            fresh = page_for(request, queries, "health")
            summary.set_content(fresh.render("health_summary.html", **_summary(latest)))
            changed = await load(queries.duty)
            if on_duty is not None and not isinstance(changed, PageProblem):
                on_duty.set_content(fresh.render("health_duty.html", **_duty(queries, changed)))
            table.set_content(fresh.render("health_table.html", **_table(latest, filters)))

    ui.timer(REFRESH_S, refresh, immediate=False)


def _summary(data: HealthData) -> dict[str, object]:
    return {
        "summary": summarise(data.rows),
        "messages": data.messages,
        "messages_from": floor_hour(data.read_at) - timedelta(hours=1),
        "unassigned": data.unassigned,
        "map": schematic_map(data.rows),
        "troubled": [row for row in data.rows if row.state in TROUBLED],
        "by_network": data.by_network,
        "completeness_end": data.completeness_end,
        "held": data.held,
        "docs": data.docs,
        "mail": data.mail,
        "unwell": data.unwell,
    }


def _duty(queries: Queries, duty: DutyState) -> dict[str, object]:
    return {"duty": duty, "teams": duty.teams, "open_cases": queries.open_cases}


def _table(data: HealthData, filters: dict[str, str]) -> dict[str, object]:
    rows = select(data.rows, network=filters["network"], state=filters["state"], text=filters["q"])
    shown = rows if filters["all"] else rows[:FIRST_ROWS]
    everything = "/?" + urlencode({**filters, "all": "1"}) + "#stations"
    return {"rows": shown, "found": len(rows), "total": len(data.rows), "everything": everything}
