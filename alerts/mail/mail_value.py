"""Values that a mail shows: a name in both languages, a point of a series, a value with its moment, a forecast hour. Types only."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alerts.wording import titles
from schemas.flag import Flag


class Name(msgspec.Struct, frozen=True):
    """A name in both languages."""

    zh: str
    en: str

    @classmethod
    def from_word(cls, key: str, **arguments: object) -> Name:
        """A text of the mails by its key, `alerts.wording.word`."""
        return cls(*titles(key, **arguments))

    def of(self, language: str) -> str:
        """Name in ``zh`` or ``en``, falling back to the other."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class SeriesPoint(msgspec.Struct, frozen=True):
    """One hour (or reading) of the series; ``value`` None where missing. ``flag`` None where no test ran."""

    start: datetime
    value: float | None
    flag: Flag | None = None
    limit: float | None = None


class TimedValue(msgspec.Struct, frozen=True):
    """A value and its moment: the start of an extreme's interval, the end of the newest one's."""

    value: float
    at: datetime | None


class ForecastPoint(msgspec.Struct, frozen=True):
    """One forecast hour: median and, where known, the band; in the parameter's unit."""

    start: datetime
    median: float
    low: float | None = None
    high: float | None = None
