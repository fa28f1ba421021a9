"""``/reports``: published reports by place, kind, period and state, with their files and former versions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.report.city.document import PeriodKind
from console.view.report import ReportQuery, ReportState, is_period_start, report_rows
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_problem
from schemas.words import words as words_of

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries
    from console.web.render import Page

MOST_ROWS = 60


async def reports_page(request: Request, queries: Queries) -> None:
    """Build the page; a word of the address that is wrong is left out."""
    page = page_for(request, queries, "reports")
    query = _query(dict(request.query_params))
    found = await load(partial(queries.reports, query, MOST_ROWS))
    with frame(page, queries, page.words("reports.title")):
        html(page, "page_head.html", title=page.words("reports.title"), lead=page.words("reports.lead"))
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        places = {place: _name(page, place) for place in sorted(found.places, key=lambda name: (name.isdigit(), name))}
        html(page, "reports_filter.html", query=query, places=places, kinds=list(PeriodKind), states=list(ReportState))
        html(
            page,
            "reports.html",
            rows=report_rows(found.reports, page.language),
            total=found.total,
            asked=query != ReportQuery(),
        )


def _query(given: dict[str, str]) -> ReportQuery:
    period = given.get("period", "").strip()
    kind, state = given.get("kind", ""), given.get("state", "")
    return ReportQuery(
        place=given.get("place", ""),
        kind=PeriodKind(kind) if kind in list(PeriodKind) else None,
        state=ReportState(state) if state in list(ReportState) else None,
        period=period if is_period_start(period) else "",
    )


def _name(page: Page, place: str) -> str:
    return words_of(page.language, "report.city.place").get(place, page.city(place))
