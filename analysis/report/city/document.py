"""What a report says: plain types that are stored as JSON and rendered as HTML, PDF and Excel."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from analysis.report.hour_basis import HourBasis
from schemas.reason import reason_of
from schemas.words.catalogue import messages
from schemas.words.message import render

ReportCell = float | int | str | None
"""Of a table; None is missing."""
PROVINCE = "province"
"""Code of the place of all stations."""


class PlaceKind(StrEnum):
    """What a report is about."""

    CITY = "city"
    PROVINCE = "province"
    STATIONS = "stations"


class ReportFormat(StrEnum):
    """Form in which a report is given out."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"


class PeriodKind(StrEnum):
    """Length of a report's period."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    SPAN = "span"
    """Any other run of civil days."""


class DataState(StrEnum):
    """Whether the period is over."""

    FINAL = "final"
    PRELIMINARY = "preliminary"


class FigureQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a table or picture are had again: a command, and an address of the API (empty: none)."""

    command: str
    address: str = ""


class ReportSentence(msgspec.Struct, frozen=True, kw_only=True):
    """Key of the catalogues with figures; None: not known."""

    key: str
    figures: dict[str, ReportCell] = {}

    def text(self, language: str) -> str:
        """The sentence in a language."""
        return render(reason_of(self.key, self.figures), language)


def word_of(text: str, language: str) -> str:
    """Text of a cell; one that is ``=`` with a key of the catalogues is that entry, any other is as it came."""
    return messages(language)[text[1:]] if text.startswith("=") and text[1:] in messages(language) else text


class ReportColumn(msgspec.Struct, frozen=True, kw_only=True):
    """Column of a table.

    Attributes
    ----------
    key : str
        ``report.city.column.<key>`` is its title.
    unit : str
        Canonical spelling; empty: of each row, or none.
    digits : int or None
        After the point; None: text.
    """

    key: str
    unit: str = ""
    digits: int | None = None


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """Row of a table; ``digits`` replaces that of columns with ``by_row`` figures (CO has one more digit)."""

    key: str
    cells: tuple[ReportCell, ...]
    digits: dict[str, int] = {}


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """Table with unit and n of each figure; ``query`` reproduces it.

    ``is_detail``: too long to print; it is in the Excel file, and folded on the page.
    """

    key: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[ReportRow, ...]
    query: FigureQuery
    is_detail: bool = False


class ReportPicture(msgspec.Struct, frozen=True, kw_only=True):
    """Picture with its query; ``svg`` is one element without an XML head."""

    key: str
    svg: str
    query: FigureQuery


class ReportTile(msgspec.Struct, frozen=True, kw_only=True):
    """One leading figure of the first page.

    Attributes
    ----------
    key : str
        ``report.city.tile.<key>`` is its title.
    value : float or None
        In ``unit``; None is missing.
    detail : ReportSentence
        Its n, and what it is compared with.
    colour : str
        Of the AQI level of ``value``; empty: none.
    """

    key: str
    value: float | None
    unit: str
    digits: int
    detail: ReportSentence
    colour: str = ""


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences that answer one question of the reader; ``report.city.question.<key>`` is the question."""

    key: str
    sentences: tuple[ReportSentence, ...]


class ReportSection(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a report; ``report.city.section.<key>`` is its title. Tiles and answers are of the first page."""

    key: str
    tiles: tuple[ReportTile, ...] = ()
    answers: tuple[ReportAnswer, ...] = ()
    sentences: tuple[ReportSentence, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    pictures: tuple[ReportPicture, ...] = ()
    notes: tuple[ReportSentence, ...] = ()


class ReportChange(msgspec.Struct, frozen=True, kw_only=True):
    """A published figure that is another one now.

    Attributes
    ----------
    figure : str
        ``section/table/row/column``, or ``section/text/key/pollutant/number`` of a sentence.
    label : str
        Row and column in the language of the report.
    before, after : ReportCell
        As published, and now; a missing value is None.
    published_at, found_at : datetime
        UTC, of the report with ``before`` and of the one with ``after``.
    """

    figure: str
    label: str
    unit: str
    digits: int | None
    before: ReportCell
    after: ReportCell
    published_at: datetime
    found_at: datetime


class CityReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report in one language.

    Attributes
    ----------
    place, name : str
        Code and name; ``place_kind`` says of what.
    first, last : date
        Civil days of the period, both included.
    editions : tuple of str
        Of HJ 633 in force on any day of it, in order of time.
    issued_at, read_until : datetime
        UTC; ``read_until`` is the end of the hours that were read.
    days, valid_days : int
        Days of the period up to ``read_until``, and those with a published AQI [d].
    stations : int
        With any hour in the period.
    digest : str
        Of the hours that were read: the same digest, the same figures.
    bases : tuple of HourBasis
        Which hours it rests on, also of the periods that it is compared with and of its products; of files none.
    changes : tuple of ReportChange
        Figures that were published otherwise before, the latest first.
    causes : tuple of ReportSentence
        What was received or decided between.
    absent : tuple of ReportSentence
        Sections that the report does not have, each with the reason.
    """

    place: str
    name: str
    place_kind: PlaceKind
    period: str
    period_kind: PeriodKind
    first: date
    last: date
    language: str
    zone: str
    editions: tuple[str, ...]
    issued_at: datetime
    read_until: datetime
    state: DataState
    days: int
    valid_days: int
    stations: int
    source: str
    digest: str
    sections: tuple[ReportSection, ...]
    bases: tuple[HourBasis, ...] = ()
    changes: tuple[ReportChange, ...] = ()
    causes: tuple[ReportSentence, ...] = ()
    absent: tuple[ReportSentence, ...] = ()

    @property
    def key(self) -> str:
        """Of the stored document: place, period, language."""
        return f"{self.place}/{self.period}/{self.language}"

    @property
    def is_revised(self) -> bool:
        """Whether a published figure changed."""
        return bool(self.changes)
