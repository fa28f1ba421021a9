"""What a page or a program asks for, read strictly from the words of an address.

Errors: `SeriesQueryError`, one place, with what was given and what was expected.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from schemas.civil_moment import MomentError, parse_civil_moment
from schemas.parameter import load_parameters
from schemas.reason import Reason
from schemas.words import render
from store.archive.option import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from schemas.network import Network
    from schemas.reason import Figure

_Choice = TypeVar("_Choice", bound=StrEnum)
MAX_SERIES = 24
_SHOWN = 80
"""Characters of a wrong word that an error repeats."""
_SEPARATORS = re.compile(r"[,\s]+")


class SeriesQueryError(ValueError):
    """A word of the address that cannot be used.

    Attributes
    ----------
    field, given : str
    expected : str
        In English.
    """

    def __init__(self, *, field: str, given: str, expected: Reason | str) -> None:
        self._expected = expected
        self.field, self.given, self.expected = field, given, self.expected_in("en")
        super().__init__(f"{field}: {given!r}, expected {self.expected}")

    def expected_in(self, language: str) -> str:
        """What was expected, in ``zh`` or ``en``."""
        return self._expected if isinstance(self._expected, str) else render(self._expected, language)


def expected(kind: str, **figures: Figure) -> Reason:
    """What was expected, as a message of the pages."""
    return Reason("expected", kind, figures, "page")


class PeriodPreset(StrEnum):
    """Lengths of time on offer."""

    DAY = "24h"
    THREE_DAYS = "3d"
    WEEK = "7d"
    MONTH = "30d"


LENGTHS = {
    PeriodPreset.DAY: timedelta(hours=24),
    PeriodPreset.THREE_DAYS: timedelta(days=3),
    PeriodPreset.WEEK: timedelta(days=7),
    PeriodPreset.MONTH: timedelta(days=30),
}
LONGEST = {
    Level.NATIVE: timedelta(days=31),
    Level.HOURLY: timedelta(days=3660),
    Level.REVIEWED: timedelta(days=3660),
}
"""Longest interval one question may ask for: it bounds the memory of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuery:
    """Stations, parameters, a half-open interval in UTC and a level; the whole state of the series page.

    Attributes
    ----------
    period : PeriodPreset or None
        Given instead of a start; ``moving`` then means that the end is now.
    """

    stations: tuple[str, ...]
    parameters: tuple[str, ...]
    start: datetime
    end: datetime
    level: Level
    period: PeriodPreset | None = None
    moving: bool = True
    bands: bool = False

    def with_(self, **changes: object) -> SeriesQuery:
        """A changed copy."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the caller names fields

    def words(self) -> dict[str, str]:
        """The words of an address that `parse_series` reads back to this query."""
        found = {"station": ",".join(self.stations), "parameter": ",".join(self.parameters), "level": str(self.level)}
        if self.period:
            found["period"] = str(self.period)
        if not self.period:
            found["from"] = format_utc(self.start)
        if not (self.period and self.moving):
            found["to"] = format_utc(self.end)
        if self.bands:
            found["bands"] = "1"
        return found

    def address(self, path: str = "/series", **more: str) -> str:
        """Path and query that hold this query."""
        return f"{path}?{urlencode({**self.words(), **more}, safe=',:')}"


def format_utc(moment: datetime) -> str:
    """ISO 8601 in UTC, seconds, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_series(given: Mapping[str, str], network: Network, now: datetime) -> SeriesQuery:
    """Read ``station, parameter, period, from, to, level, bands``; several stations or parameters with commas.

    Without ``from`` the period counts, without both the last 24 hours. A moment without an offset is civil time of the
    network's zone; a date as ``to`` includes that day.

    Raises
    ------
    SeriesQueryError
    """
    stations = _known(given, "station", network.stations)
    parameters = _known(given, "parameter", load_parameters())
    if len(stations) * len(parameters) > MAX_SERIES:
        asked = f"{len(stations)} x {len(parameters)}"
        raise SeriesQueryError(field="parameter", given=asked, expected=expected("most_series", most=MAX_SERIES))
    level = _choice(given, "level", Level, Level.HOURLY)
    period = (
        _choice(given, "period", PeriodPreset, PeriodPreset.DAY)
        if given.get("period") or not given.get("from")
        else None
    )
    end = query_moment(given, "to", network.timezone, end_of_day=True) or now
    start = end - LENGTHS[period] if period else query_moment(given, "from", network.timezone) or end
    _check_interval(start, end, level, given)
    return SeriesQuery(
        stations=stations,
        parameters=parameters,
        start=start,
        end=end,
        level=level,
        period=period,
        moving=not given.get("to"),
        bands=given.get("bands") == "1",
    )


def _check_interval(start: datetime, end: datetime, level: Level, given: Mapping[str, str]) -> None:
    if end <= start:
        given_end = given.get("to", format_utc(end))
        raise SeriesQueryError(field="to", given=given_end, expected=expected("later", start=format_utc(start)))
    if end - start > LONGEST[level]:
        longest = expected("longest", days=LONGEST[level].days, level=str(level))
        raise SeriesQueryError(field="from", given=given.get("from", format_utc(start)), expected=longest)


def _known(given: Mapping[str, str], field: str, known: Mapping[str, object]) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(part for part in _SEPARATORS.split(given.get(field, "")) if part))
    for item in asked:
        if item not in known:
            raise SeriesQueryError(field=field, given=item, expected=expected("known", field=field))
    return asked


def parse_whole(given: Mapping[str, str], field: str, *, least: int, most: int) -> int | None:
    """A whole number within bounds, None where the word is absent; raises `SeriesQueryError`."""
    text = given.get(field, "")
    if not text:
        return None
    # more digits than the bound has are not read at all: Python refuses thousands of them
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise SeriesQueryError(field=field, given=text[:_SHOWN], expected=f"a whole number from {least} to {most}")


def check_words(given: Sequence[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """The words of an address, each known and given once; raises `SeriesQueryError`."""
    counts = Counter(name for name, _ in given)
    for name, value in given:
        if name not in known:
            raise SeriesQueryError(
                field=name[:_SHOWN], given=value[:_SHOWN], expected=f"one of the words {', '.join(known)}"
            )
        if counts[name] > 1:
            raise SeriesQueryError(
                field=name, given=value[:_SHOWN], expected="the word once; several values with commas"
            )
    return dict(given)


def _choice(given: Mapping[str, str], field: str, kind: type[_Choice], default: _Choice) -> _Choice:
    text = given.get(field) or default.value
    try:
        return kind(text)
    except ValueError:
        raise SeriesQueryError(field=field, given=text, expected=expected("choice", names=", ".join(kind))) from None


def query_moment(given: Mapping[str, str], field: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime | None:
    """A moment in UTC as `schemas.civil_moment` reads it, None where the word is absent.

    Parameters
    ----------
    end_of_day : bool
        A date includes its whole day (week, month, year).

    Raises
    ------
    SeriesQueryError
    """
    text = given.get(field, "").strip()
    if not text:
        return None
    # a plus of an offset that was not escaped arrives as a blank
    written = re.sub(r" (?=\d\d:?(\d\d)?$)", "+", text) if re.search("[Tt]", text) else text
    try:
        return parse_civil_moment(written, zone, is_end=end_of_day)
    except MomentError as error:
        raise SeriesQueryError(field=field, given=text, expected=error.expected) from None
