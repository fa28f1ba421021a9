"""Asks every kind of page of the console that a link leads to: each answers, with the demo's data."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    Get = Callable[[str], tuple[int, str]]

MOST_OF_A_KIND = 2
"""Pages asked of one kind: ``/stations/a`` and ``/stations/b`` are of one."""
MOST = 60
"""Pages asked at most."""
TIMEOUT_S = 30.0
_LINK = re.compile(r'href=\\?"(/[^"\\#]*)')
_NO_PAGE = ("/_nicegui/", "/assets/", "/language/", "/theme/")


def check_pages(url: str) -> list[str]:
    """Pages of a console that do not answer with status 200, each with its status; empty if all do.

    Parameters
    ----------
    url : str
        Of the console, without a path.
    """
    # a slow page takes longer than the server keeps a connection
    headers = {"Connection": "close"}
    with httpx.Client(base_url=url, timeout=TIMEOUT_S, headers=headers, follow_redirects=True) as client:

        def get(path: str) -> tuple[int, str]:
            try:
                answer = client.get(path)
            except httpx.HTTPError as error:
                return 0, type(error).__name__
            return answer.status_code, answer.text

        return pages_that_fail(get)


def pages_that_fail(get: Get) -> list[str]:
    """Follow the links from the first page on; a page that was not found or failed is named with its status.

    Parameters
    ----------
    get : callable
        Gives the status and the text of a path; status 0 where nothing answers.

    Examples
    --------
    >>> pages = {"/": (200, '<a href="/aqi"> <a href="/forecast">'), "/aqi": (200, ""), "/forecast": (500, "")}
    >>> pages_that_fail(pages.__getitem__)
    ['page /forecast: status 500']
    """
    waiting, known, kinds = deque(["/"]), {"/"}, Counter[str]()
    failed = []
    while waiting and kinds.total() < MOST:
        path = waiting.popleft()
        kind = _kind(path)
        if kinds[kind] >= MOST_OF_A_KIND:
            continue
        kinds[kind] += 1
        status, text = get(path)
        if status != httpx.codes.OK:
            failed.append(f"page {path}: status {status}")
        # what is sent to the page's script is escaped twice
        for found in _LINK.findall(unescape(text)):
            link = found.replace("&amp;", "&")
            if link not in known and not link.startswith(_NO_PAGE):
                known.add(link)
                waiting.append(link)
    return failed


def _kind(path: str) -> str:
    """Everything up to the second slash, and the names of the query."""
    place, _, query = path.partition("?")
    names = sorted({item.partition("=")[0] for item in query.split("&") if item})
    return "/".join(place.split("/")[:2]) + ("/*" if place.count("/") > 1 else "") + "?" + ",".join(names)
