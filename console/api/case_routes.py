"""Routes of the API about cases, mutes and case files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response  # noqa: TC002 - FastAPI reads the signatures
from fastapi.responses import RedirectResponse

from console.api.case_file import answer_case_file, answer_case_files, answer_picture
from console.api.case_model import ActionModel, CaseList, MuteList, MuteModel, NewMuteModel, WholeCaseModel
from console.api.cases import answer_action, answer_case, answer_case_map, answer_cases
from console.api.model import CaseFileList, CaseFileModel, Problem
from console.api.mutes import answer_end_mute, answer_mutes, answer_new_mute
from console.api.token import check_token
from console.api.word import (
    PREFIX,
    CaseFileWords,
    CaseId,
    CaseParameter,
    CaseStart,
    CaseStation,
    CaseWords,
    MapWords,
    MuteId,
    PictureWords,
)
from console.query.reading import CALLS, read_in

if TYPE_CHECKING:
    from pydantic import BaseModel

    from console.query.queries import Queries

_NO_CASE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such case."}}
_NO_FILE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such case file."}}
_NO_MUTE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such mute."}}
_TOKEN: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The token is missing or wrong, or none is set."}
}
_STATE: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The case does not allow it in its present state; `reason` says why."}
}
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}
_FILE = "/case-files/{station}/{parameter}/{start}"
_FORMER = "/cases/{station}/{parameter}/{start}"


def _body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The body in the documentation; the call itself reads it, so that a wrong one is a problem answer as any other."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


def add_case_routes(router: APIRouter, queries: Queries) -> None:
    """Cases: list, one, map, action."""

    @router.get("/cases", response_model=CaseList, summary="Cases: alerts of one event as one, open ones first")
    async def cases(given: CaseWords) -> Response:
        return await read_in(CALLS, partial(answer_cases, queries, given))

    @router.get("/cases/{case}", response_model=WholeCaseModel, responses=_NO_CASE, summary="A case with its steps")
    async def case(case: CaseId) -> Response:
        return await read_in(CALLS, partial(answer_case, queries, case))

    @router.get("/cases/{case}/map", responses=_NO_CASE | _PICTURE, summary="Map of the stations of a case, PNG")
    async def case_map(case: CaseId, given: MapWords) -> Response:
        return await read_in(CALLS, partial(answer_case_map, queries, case, given))

    @router.post(
        "/cases/{case}/actions",
        response_model=WholeCaseModel,
        responses=_NO_CASE | _TOKEN | _STATE,
        openapi_extra=_body_of(ActionModel),
        summary="Take, give, comment, mute or resolve a case",
    )
    async def action(case: CaseId, request: Request) -> Response:
        check_token(request, queries.settings)
        return await read_in(CALLS, partial(answer_action, queries, case, await request.body()))


def add_mute_routes(router: APIRouter, queries: Queries) -> None:
    """Mutes: list, add, end."""

    @router.get("/mutes", response_model=MuteList, summary="Mutes and maintenance windows")
    async def mutes() -> Response:
        return await read_in(CALLS, partial(answer_mutes, queries))

    @router.post(
        "/mutes",
        response_model=MuteModel,
        responses=_TOKEN,
        openapi_extra=_body_of(NewMuteModel),
        summary="Report nothing of some stations, parameters or rules for a time",
    )
    async def new_mute(request: Request) -> Response:
        check_token(request, queries.settings)
        return await read_in(CALLS, partial(answer_new_mute, queries, await request.body()))

    @router.delete("/mutes/{mute}", response_model=MuteList, responses=_TOKEN | _NO_MUTE, summary="End a mute now")
    async def end_mute(mute: MuteId, request: Request) -> Response:
        check_token(request, queries.settings)
        return await read_in(CALLS, partial(answer_end_mute, queries, mute))


def add_case_file_routes(router: APIRouter, queries: Queries) -> None:
    """Case files of events, and their former addresses."""

    @router.get("/case-files", response_model=CaseFileList, summary="Case files of events, the newest first")
    async def case_files(given: CaseFileWords) -> Response:
        return await read_in(CALLS, partial(answer_case_files, queries, given))

    @router.get(_FILE, response_model=CaseFileModel, responses=_NO_FILE, summary="The case file of an event")
    async def case_file(station: CaseStation, parameter: CaseParameter, start: CaseStart) -> Response:
        return await read_in(CALLS, partial(answer_case_file, queries, f"{station}/{parameter}/{start}"))

    @router.get(f"{_FILE}/picture", responses=_NO_FILE | _PICTURE, summary="Picture of a case file, PNG")
    async def picture(
        station: CaseStation, parameter: CaseParameter, start: CaseStart, given: PictureWords
    ) -> Response:
        return await read_in(CALLS, partial(answer_picture, queries, f"{station}/{parameter}/{start}", given))

    @router.get(_FORMER, include_in_schema=False)
    @router.get(f"{_FORMER}/picture", include_in_schema=False)
    async def former(request: Request) -> RedirectResponse:
        path = request.url.path.replace(f"{PREFIX}/cases/", f"{PREFIX}/case-files/", 1)
        return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), status_code=308)
