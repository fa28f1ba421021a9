"""Errors as ``application/problem+json`` (RFC 9457): which parameter was wrong, what was given and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from fastapi import Request, Response

from alerts.case.life import CaseStepError
from console.api.token import TokenProblem
from console.view.query import SeriesQueryError
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI


PROBLEM_TYPE = "application/problem+json"


class NotFoundProblem(Exception):  # noqa: N818 - the answer, not a fault
    """What an address names does not exist."""


def install_problems(app: FastAPI) -> None:
    """Answer wrong questions and dead databases with problem documents."""
    app.add_exception_handler(SeriesQueryError, _query_problem)
    app.add_exception_handler(NotFoundProblem, _not_found_problem)
    app.add_exception_handler(StoreError, _store_problem)
    app.add_exception_handler(TokenProblem, _token_problem)
    app.add_exception_handler(CaseStepError, _step_problem)


async def _query_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeriesQueryError)
    extra = {"parameter": error.field, "given": error.given, "expected": error.expected}
    return _problem(request, 400, "Wrong parameter", f"{error}.", extra)


async def _not_found_problem(request: Request, error: Exception) -> Response:
    return not_found_problem(request, str(error))


def not_found_problem(request: Request, detail: str) -> Response:
    """The answer to an address that names nothing."""
    return _problem(request, 404, "Not found", detail, {})


async def _token_problem(request: Request, error: Exception) -> Response:
    answer = _problem(request, 401, "Token needed", str(error), {})
    answer.headers["www-authenticate"] = "Bearer"
    return answer


async def _step_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, CaseStepError)
    return _problem(request, 409, "Not allowed in the present state", error.text("en"), {"reason": error.reason.value})


async def _store_problem(request: Request, error: Exception) -> Response:
    return _problem(request, 503, "A database cannot be used", str(error), {})


def _problem(request: Request, status: int, title: str, detail: str, extra: Mapping[str, str]) -> Response:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": str(request.url.path),
        **extra,
    }
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM_TYPE)
