"""Assembly of the console: pages, API, files, and headers that keep a browser from contacting other hosts."""

from __future__ import annotations

import inspect
import logging
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from nicegui import ui

from console.api.problem import install_problems
from console.api.routes import build_router
from console.query.queries import Queries
from console.web.pages.act import show_link, use_link
from console.web.pages.alerts import alert_page, alerts_page
from console.web.pages.api_docs import api_page
from console.web.pages.aqi import aqi_page
from console.web.pages.case import alert_case_page
from console.web.pages.case_file import case_file_page, case_files_page
from console.web.pages.forecast import forecast_page
from console.web.pages.health import health_page
from console.web.pages.reports import reports_page
from console.web.pages.series import series_page
from console.web.pages.shell import LANGUAGE_COOKIE, THEME_COOKIE
from console.web.pages.station import station_page
from console.web.pages.unknown import unknown_page
from console.web.render import ASSETS
from ingest.process.heartbeat_thread import HeartbeatThread
from ingest.process.shutdown import shutdown_on_signals
from schemas.struct_use import prepare_structs
from schemas.words import LANGUAGES
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from store.settings import SharedSettings

_YEAR_S = 31_536_000
#: A page waits this long for its databases before it gives up [s]; they have their own, longer time limit.
_SLOWEST_S = 20.0
#: At most so long after SIGTERM the console is gone [s].
_STOP_S = 10.0
_TITLE = "skyground"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b6478"/>'
    '<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"><path d="M6 20a10 10 0 0 1 20 0M5 24.5h22"/></g>'
    '<circle cx="16" cy="20" r="3" fill="#fff"/></svg>'
)
#: Nothing may be loaded from or sent to another host: the console works offline and leaks no usage.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'self'; form-action 'self'"
)


class _Docs(StaticFiles):
    """Files of a directory that may not exist yet; until then every address in it is unknown."""

    async def check_config(self) -> None:
        """Check nothing: where there is no directory there is no file."""


class SafeHeaders:
    """Adds headers that keep pages from loading anything of other hosts and from being framed by others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = (
                    (b"content-security-policy", _POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                )
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(settings: SharedSettings) -> FastAPI:
    """Build the console over the stores of the settings; called once a process.

    Raises
    ------
    schemas.network.file.NetworkFileError
    store.error.StateError
        If the state database cannot be opened.
    """
    prepare_structs()
    state = StateStore(settings.state_url)
    state.migrate()
    queries = Queries(settings, InfluxStore(settings), state)
    app = FastAPI(title=_TITLE, version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.include_router(build_router(queries))
    install_problems(app)
    _add_switches(app)
    _add_former_addresses(app)
    _add_links(queries, app)
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.mount("/datadocs", _Docs(directory=settings.run_dir / "data_docs", html=True, check_dir=False), name="datadocs")
    _add_pages(queries, app)

    async def unknown(request: Request) -> Response | None:
        return await unknown_page(request, queries)

    ui.run_with(
        app,
        root=unknown,
        title=_TITLE,
        favicon=_ICON,
        tailwind=False,
        show_welcome_message=False,
        language="zh-CN" if settings.language == "zh" else "en-US",
    )
    app.add_middleware(SafeHeaders)
    return app


def _add_pages(queries: Queries, app: FastAPI) -> None:
    pages = (
        ("/", health_page),
        ("/series", series_page),
        ("/alerts", alerts_page),
        ("/case-files", case_files_page),
        ("/aqi", aqi_page),
        ("/forecast", forecast_page),
        ("/reports", reports_page),
    )
    for path, build in pages:
        _bind(path, build, queries)

    async def station(request: Request, station_id: str) -> None:
        await station_page(request, queries, station_id)

    async def alert(request: Request, alert_id: str) -> Response | None:
        return await alert_page(request, queries, alert_id)

    async def case(request: Request, case_id: str) -> Response | None:
        return await alert_case_page(request, queries, case_id)

    async def case_file(request: Request, station_id: str, parameter: str, start: str) -> None:
        await case_file_page(request, queries, f"{station_id}/{parameter}/{start}")

    async def documentation(request: Request) -> None:
        await api_page(request, queries, app.openapi())

    ui.page("/stations/{station_id}", response_timeout=_SLOWEST_S)(station)
    ui.page("/alerts/{alert_id}", response_timeout=_SLOWEST_S)(alert)
    ui.page("/cases/{case_id}", response_timeout=_SLOWEST_S)(case)
    ui.page("/case-files/{station_id}/{parameter}/{start}", response_timeout=_SLOWEST_S)(case_file)
    ui.page("/api")(documentation)


def _bind(path: str, build, queries: Queries) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - any of the page builders
    async def page(request: Request) -> None:
        await build(request, queries)

    assert inspect.iscoroutinefunction(build)
    ui.page(path, response_timeout=_SLOWEST_S)(page)


def _add_switches(app: FastAPI) -> None:
    @app.get("/language/{language}", include_in_schema=False)
    async def language(language: str, next: str = "/") -> RedirectResponse:  # noqa: A002 - the word in the address
        return _remember(LANGUAGE_COOKIE, language if language in LANGUAGES else "en", next)

    @app.get("/theme/{theme}", include_in_schema=False)
    async def theme(theme: str, next: str = "/") -> RedirectResponse:  # noqa: A002 - the word in the address
        return _remember(THEME_COOKIE, "dark" if theme == "dark" else "light", next)


def _add_former_addresses(app: FastAPI) -> None:
    """Addresses that mails sent earlier hold."""

    @app.get("/cases", include_in_schema=False)
    async def cases() -> RedirectResponse:
        return RedirectResponse("/alerts")

    @app.get("/cases/{station}/{parameter}/{start}", include_in_schema=False)
    async def case_file(station: str, parameter: str, start: str) -> RedirectResponse:
        return RedirectResponse(f"/case-files/{quote(station)}/{quote(parameter)}/{quote(start, safe=':')}")


def _add_links(queries: Queries, app: FastAPI) -> None:
    """Where the links of mails lead; before the page of a case, whose address has the same form."""

    @app.get("/cases/act", include_in_schema=False)
    async def show(request: Request) -> Response:
        return await show_link(request, queries)

    @app.post("/cases/act", include_in_schema=False)
    async def use(request: Request) -> Response:
        return await use_link(request, queries)


def _remember(cookie: str, value: str, address: str) -> RedirectResponse:
    # only to ourselves: "//host" and "/\host" lead to another host
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    response = RedirectResponse(address if inside else "/", status_code=303)
    response.set_cookie(cookie, value, max_age=_YEAR_S, samesite="lax")
    return response


def serve(settings: SharedSettings) -> None:
    """Serve the console at the host and port of ``console_url`` until it is stopped."""
    address = urlsplit(settings.console_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    app = create_app(settings)
    # socket.io logs every connection at info
    logging.getLogger("engineio").setLevel(logging.WARNING)
    # uvicorn ends on the signal and then raises it again, which would end this process before the last word
    shutdown_on_signals(threading.Event(), within_s=_STOP_S)
    with HeartbeatThread(f"console/{socket.gethostname()}", settings.state_url, []):
        uvicorn.run(
            app, host=address.hostname or "127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=3
        )
