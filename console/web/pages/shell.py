"""The frame of every page: header, navigation, language, theme, and error messages."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import structlog
from nicegui import ui

from console.query.reading import PAGES, read_in
from console.view.theme import chart_theme
from console.web.render import Page, asset_url
from schemas.words import LANGUAGES, words
from store.error import StateError, StoreAccessError, StoreError, StoreMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import Request

    from console.query.queries import Queries
    from console.view.theme import ChartTheme

LANGUAGE_COOKIE, THEME_COOKIE = "skyground_language", "skyground_theme"
SECTIONS = (
    ("health", "/"),
    ("series", "/series"),
    ("alerts", "/alerts"),
    ("aqi", "/aqi"),
    ("forecast", "/forecast"),
    ("reports", "/reports"),
)

READ_WITHIN_S = 15.0
"""Timeout of a page for a database [s], shorter than that of the framework."""
_LONGEST_SHOWN = 200
"""Characters of an address that a page repeats."""
_Value = TypeVar("_Value")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PageProblem:
    """Why a page has nothing to show: the catalogue's key below ``problem``, and the store's own words."""

    kind: str
    detail: str


def page_for(request: Request, queries: Queries, section: str) -> Page:
    """Language, theme and address of the request."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    language = chosen if chosen in LANGUAGES else str(queries.settings.language)
    query = f"?{request.url.query}" if request.url.query else ""
    return Page(
        words=words(language, "page"),
        zone=queries.network.timezone,
        now=datetime.now(UTC),
        path=request.url.path + query,
        section=section,
        dark=request.cookies.get(THEME_COOKIE) == "dark",
    )


def theme_of(page: Page) -> ChartTheme:
    """Chart colours of the page."""
    return chart_theme(dark=page.dark)


async def load(read: Callable[[], _Value]) -> _Value | PageProblem:
    """Read from a store in a thread; an error of a store, or no answer in time, becomes a `PageProblem`, any other error rises."""
    try:
        return await read_in(PAGES, read, within_s=READ_WITHIN_S)
    except TimeoutError:
        _log.warning("console read unanswered", within_s=READ_WITHIN_S)
        return PageProblem("slow", f"> {READ_WITHIN_S:.0f} s")
    except StoreError as error:
        _log.warning("console read failed", error=str(error))
        return PageProblem(_kind(error), str(error))


def _kind(error: StoreError) -> str:
    if isinstance(error, StateError):
        return "state"
    if isinstance(error, StoreAccessError):
        return "access"
    return "missing" if isinstance(error, StoreMissingError) else "influx"


@contextmanager
def frame(page: Page, queries: Queries, title: str) -> Iterator[None]:
    """Header and main area; elements made inside are in the main area."""
    ui.page_title(f"{title} · skyground")
    ui.add_head_html(_head(page))
    ui.dark_mode(value=page.dark)
    docs = queries.data_docs is not None
    header = page.render("header.html", sections=SECTIONS, open_cases=queries.open_cases, docs=docs)
    ui.html(header, sanitize=False, tag="header").classes("site-header")
    with ui.element("main").classes("page").props("id=content tabindex=-1"):
        yield


def _head(page: Page) -> str:
    ground = "<script>document.documentElement.classList.add('dark')</script>" if page.dark else ""
    lang = "zh-CN" if page.language == "zh" else "en"
    # Quasar sets the language of the server when it starts; the page's own one is set again after loading
    set_language = f"document.documentElement.lang='{lang}'"
    return (
        f'<script>{set_language};addEventListener("load",()=>{{{set_language}}})</script>{ground}'
        f'<link rel="stylesheet" href="{asset_url("console.css")}"><script src="{asset_url("console.js")}"></script>'
    )


def html(page: Page, template: str, **values: object) -> ui.html:
    """A template as an element; the templates escape, so nothing is sanitized again."""
    return ui.html(page.render(template, **values), sanitize=False)


def show_not_found(page: Page, what: str, back: str) -> None:
    """What the address names does not exist, and where a list is; answered with status 404."""
    ui.context.client.status_code = HTTPStatus.NOT_FOUND
    html(page, "not_found.html", what=what[:_LONGEST_SHOWN], back=back)


def show_problem(page: Page, problem: PageProblem) -> None:
    """The error message and what to do."""
    html(page, "problem.html", kind=problem.kind, detail=problem.detail)
