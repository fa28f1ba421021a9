"""``/api``: documentation of the HTTP API, from its OpenAPI description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.web.pages.shell import frame, html, page_for

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries


async def api_page(request: Request, queries: Queries, description: dict[str, Any]) -> None:
    """Build the page."""
    page = page_for(request, queries, "api")
    calls = [
        {"path": path, "summary": call.get("summary", ""), "parameters": call.get("parameters", [])}
        for path, methods in description["paths"].items()
        for call in methods.values()
    ]
    station = next(iter(queries.network.station_list), None)
    code = (
        station.instruments[0].parameters[0]
        if station and station.instruments and station.instruments[0].parameters
        else "o3"
    )
    example = f"{queries.settings.console_url}/api/v1/series?station={station.id if station else 'ln-sy-01'}&parameter={code}&period=24h&format=csv"
    with frame(page, queries, "API"):
        html(page, "api.html", calls=calls, example=example)
