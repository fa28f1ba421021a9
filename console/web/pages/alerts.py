"""``/alerts``: cases as a list, one line each; ``/alerts/{id}``: leads to the case of an alert."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse

from console.query.alert_case import PAGE_CASES
from console.view.case_row import case_row
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem
from schemas.alert_case import Audience
from store.state import LARGEST_ID, CaseQuery

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries

_MOST_PAGES = 10_000


async def alerts_page(request: Request, queries: Queries) -> None:
    """Build the list."""
    page = page_for(request, queries, "alerts")
    number, audience = _page_number(request), _audience(request)
    query = CaseQuery(audience=audience, offset=(number - 1) * PAGE_CASES, limit=PAGE_CASES)
    found = await load(partial(queries.case_page, query))
    people = queries.people.read()
    with frame(page, queries, page.words("alerts.title")):
        html(page, "alerts.html", audience=audience or "", audiences=[item.value for item in Audience])
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        rows = [case_row(item, queries.network, people, page.words, page.now) for item in found.records]
        html(
            page,
            "alert_list.html",
            open=[row for row in rows if row.is_open],
            past=[row for row in rows if not row.is_open],
            open_count=found.open_count,
            first=number == 1,
            more=_address(number + 1, audience) if found.is_more else "",
            before=_address(number - 1, audience) if number > 1 else "",
        )


async def alert_page(request: Request, queries: Queries, alert_id: str) -> RedirectResponse | None:
    """Lead to the case of an alert; an id that is no whole number, or of an alert without a case, leads nowhere."""
    page = page_for(request, queries, "alerts")
    number = _whole(alert_id)
    found = None if number is None else await load(partial(queries.case_of_alert, number))
    if isinstance(found, str):
        return RedirectResponse(f"/cases/{found}", status_code=302)
    with frame(page, queries, page.words("alerts.title")):
        if isinstance(found, PageProblem):
            show_problem(page, found)
        else:
            show_not_found(page, alert_id, "/alerts")
    return None


def _whole(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if 0 < number <= LARGEST_ID else None


def _page_number(request: Request) -> int:
    number = _whole(request.query_params.get("page", "1")) or 1
    return min(number, _MOST_PAGES)


def _audience(request: Request) -> Audience | None:
    try:
        return Audience(request.query_params.get("audience", ""))
    except ValueError:
        return None


def _address(number: int, audience: Audience | None) -> str:
    words = ({"audience": audience.value} if audience else {}) | ({"page": str(number)} if number > 1 else {})
    return f"/alerts?{urlencode(words)}" if words else "/alerts"
