"""How the HTTP API writes: JSON, CSV in parts as they are read, and the address of the rest of an answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse

from console.view.query import SeriesQuery, SeriesQueryError, format_utc
from schemas.moment import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

Row = Mapping[str, object]


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"


_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one is a formula to spreadsheet programs."""


def parse_format(given: Mapping[str, str]) -> Format:
    """The word ``format``; raises `SeriesQueryError`."""
    text = given.get("format") or Format.JSON.value
    try:
        return Format(text)
    except ValueError:
        raise SeriesQueryError(field="format", given=text, expected="one of json, csv") from None


def json_answer(body: object, *, rest: str | None = None) -> Response:
    """JSON; ``rest`` is the address of what follows, also in the header ``Link``."""
    headers = {"link": f'<{rest}>; rel="next"'} if rest else None
    return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)


def csv_answer(columns: Sequence[str], parts: Iterator[Iterable[Row]], name: str) -> Response:
    """CSV with a header, written part by part: the first part is read before the answer begins, so that its error becomes a problem answer.

    An error later on breaks the transfer off, which HTTP shows to the reader.
    """
    first = next(parts, ())
    # the byte order mark lets spreadsheet programs see that it is UTF-8
    body = chain(
        ["\ufeff" + _lines([dict(zip(columns, columns, strict=True))], columns)],
        (_lines(part, columns) for part in chain([first], parts)),
    )
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(rows: Iterable[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """A value of a row; text that a spreadsheet program would run as a formula, such as a note ``=1+1``, gets an apostrophe in front [1].

    References
    ----------
    .. [1] OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value


def interval_of(query: SeriesQuery) -> dict[str, str]:
    """Fields of an answer that state what it covers."""
    return {"from": format_utc(query.start), "to": format_utc(query.end), "level": str(query.level)}


def file_name(what: str, query: SeriesQuery) -> str:
    """Name of a download."""
    kind = "_".join(filter(None, ("skyground", what, str(query.level))))
    return f"{kind}_{query.start:%Y%m%dT%H%MZ}_{query.end:%Y%m%dT%H%MZ}.csv"


def moment_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, with a fraction only where there is one."""
    return None if moment is None else utc_text(moment)
