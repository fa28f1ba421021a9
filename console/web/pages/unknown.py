"""Any other address: a page, or of the API a problem document, that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.api.problem import not_found_problem
from console.web.pages.shell import frame, page_for, show_not_found

if TYPE_CHECKING:
    from fastapi import Request, Response

    from console.query.queries import Queries

_API = "/api/"


async def unknown_page(request: Request, queries: Queries) -> Response | None:
    """Build the page, or answer the problem."""
    path = request.url.path
    if path.startswith(_API):
        return not_found_problem(request, "There is no such address; /api describes the API.")
    page = page_for(request, queries, "")
    with frame(page, queries, page.words("problem.no_page")):
        show_not_found(page, path, "/alerts" if path.startswith("/cases/") else "/")
    return None
