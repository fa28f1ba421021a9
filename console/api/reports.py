"""The answers of ``/reports``: published reports, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Response

from analysis.report.city.document import PeriodKind, ReportFormat
from console.api.answer import json_answer, moment_text
from console.api.problem import NotFoundProblem
from console.api.word import MOST_REPORTS
from console.view.query import SeriesQueryError, parse_whole
from console.view.report import FORMATS, ReportQuery, ReportState, file_address, is_period_start

if TYPE_CHECKING:
    from enum import StrEnum

    from console.query.queries import Queries
    from console.view.report import ListedReport

_MOST_VERSION = 2**31 - 1
_MEDIA = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_Choice = TypeVar("_Choice", bound="StrEnum")


def answer_reports(queries: Queries, given: dict[str, str]) -> Response:
    """Published reports, the latest period first; raises `SeriesQueryError`, `store.error.StoreError`."""
    limit = parse_whole(given, "limit", least=1, most=MOST_REPORTS) or MOST_REPORTS
    found = queries.reports(parse_reports(given), limit)
    rows = [_report(item, language) for item in found.reports for language in item.versions]
    return json_answer({"limit": limit, "total": found.total, "reports": rows})


def parse_reports(given: dict[str, str]) -> ReportQuery:
    """Words ``place``, ``kind``, ``state`` and ``period``; raises `SeriesQueryError`."""
    period = given.get("period") or ""
    if not is_period_start(period):
        raise SeriesQueryError(
            field="period", given=period, expected="a year, month or day, as 2026, 2026-11 or 2026-11-28"
        )
    return ReportQuery(
        place=given.get("place") or "",
        kind=_one_of(given, "kind", PeriodKind),
        state=_one_of(given, "state", ReportState),
        period=period,
    )


def answer_report(queries: Queries, key: str, given: dict[str, str]) -> Response:
    """A file of a report; raises `NotFoundProblem` where there is none, `SeriesQueryError` for an unknown format or version."""
    form = _one_of(given, "format", ReportFormat) or ReportFormat.HTML
    version = parse_whole(given, "version", least=1, most=_MOST_VERSION)
    content = queries.report_file(key, version, form)
    if content is None:
        msg = f"There is no report {key}{'' if version is None else f', version {version}'}; GET /api/v1/reports lists them."
        raise NotFoundProblem(msg)
    place = "inline" if form is ReportFormat.HTML else "attachment"
    name = key.replace("/", "-") + ("" if version is None else f"-v{version}")
    headers = {"content-disposition": f'{place}; filename="{name}.{form.value}"'}
    if version is not None:
        headers["cache-control"] = "private, max-age=3600"
    return Response(content, media_type=_MEDIA[form], headers=headers)


def _one_of(given: dict[str, str], field: str, choices: type[_Choice]) -> _Choice | None:
    text = given.get(field)
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise SeriesQueryError(field=field, given=text, expected=f"one of {', '.join(choices)}") from None


def _report(item: ListedReport, language: str) -> dict[str, Any]:
    newest = item.versions[language][0]
    return {
        "place": item.place,
        "name": item.names[language],
        "period": item.period.text,
        "kind": item.period.kind.value,
        "language": language,
        "state": newest.state.value,
        "version": newest.version,
        "issued_at": moment_text(newest.issued_at),
        "checked_at": None if newest.checked_at is None else moment_text(newest.checked_at),
        "files": {form: file_address(item.place, item.period.text, language, form, newest.version) for form in FORMATS},
        "older": [
            {"version": one.version, "state": one.state.value, "issued_at": moment_text(one.issued_at)}
            for one in item.versions[language][1:]
        ],
    }
