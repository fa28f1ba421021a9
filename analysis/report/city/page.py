"""A report as one HTML page with a style for screens and for print."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analysis.report.city.document import word_of
from analysis.report.city.revision import digits_of
from schemas.words import words as words_of
from schemas.words.message import MISSING, unit_text

if TYPE_CHECKING:
    from analysis.report.city.document import CityReport, ReportCell, ReportColumn, ReportRow

_HYPHEN = re.compile(r"(?<![\w-])-(?=\d)")
_HERE = Path(__file__).parent


def html_page(report: CityReport) -> str:
    """The page, complete in itself: no address of another file or host."""
    words = words_of(report.language, "report.city")
    values = {
        "report": report,
        "t": words,
        "text": partial(cell_text, language=report.language),
        "changed": change_texts(report),
        "in_list": lambda keys: ", ".join(words(f"table.{key}") for key in keys),
        "number": lambda value, digits: MISSING if value is None else f"{value:z.{digits}f}",
        "joint": "" if report.language == "zh" else " ",
        "said": lambda item: _with_minus(item.text(report.language)),
        "title": report_title(report),
        "moment": lambda moment: f"{moment.astimezone(ZoneInfo(report.zone)):%Y-%m-%d %H:%M}",
        "style": (_HERE / "report.css").read_text(encoding="utf-8"),
        "before": {change.figure: change for change in reversed(report.changes)},
    }
    return _environment().get_template("report.html").render(**values)


def report_title(report: CityReport) -> str:
    """Title: place, period, what it is."""
    return words_of(report.language, "report.city")(
        f"title_{report.period_kind.value}",
        name=report.name,
        period=report.period,
        first=str(report.first),
        last=str(report.last),
    )


def cell_text(column: ReportColumn, row: ReportRow, value: ReportCell, language: str) -> str:
    """A cell as it is printed."""
    return _printed(value, digits_of(column, row), column.key, language)


def change_texts(report: CityReport) -> list[tuple[str, str, str, str]]:
    """Of each change: label, before, after, unit."""
    return [
        (
            change.label,
            _printed(change.before, change.digits, "", report.language),
            _printed(change.after, change.digits, "", report.language),
            unit_text(change.unit),
        )
        for change in report.changes
    ]


def _printed(value: ReportCell, digits: int | None, key: str, language: str) -> str:
    if value is None:
        return MISSING
    if isinstance(value, str):
        if key == "unit":
            return unit_text(value)
        return word_of(value, language)
    return _with_minus(f"{value:z.{digits or 0}f}")


def _with_minus(text: str) -> str:
    """The text with a minus sign before negative numbers, in the place of the hyphen; dates keep theirs."""
    return _HYPHEN.sub("−", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["unit"] = unit_text
    return environment
