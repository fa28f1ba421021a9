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
        {"method": method.upper(), "path": path, "summary": call.get("summary", ""), "words": _words(call)}
        for path, methods in description["paths"].items()
        for method, call in methods.items()
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


def _words(call: dict[str, Any]) -> list[dict[str, str]]:
    """Words of the address, then fields of the body."""
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields = [{"name": name, "description": _described(item)} for name, item in body.get("properties", {}).items()]
    given = [{"name": item["name"], "description": item.get("description", "")} for item in call.get("parameters", ())]
    return [*given, *fields]


def _described(field: dict[str, Any]) -> str:
    values = ", ".join(f"`{item}`" for item in field.get("enum", ()))
    return ": ".join(item for item in (field.get("description", ""), values) if item)
