"""Text, numbers and times of the mails in Chinese and English. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from schemas.words import words
from schemas.words.message import MISSING, unit_text

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

_FULL_WIDTH = "F"
_ADDITION = re.compile(r"\s*[(\uff08][^()\uff08\uff09]*[)\uff09]$")


def word(key: str, language: str, **arguments: object) -> str:
    """Text of a key of the mails (``mail.<key>``); an unknown key is a programming error."""
    return words(language, "mail")(key, **arguments)


def without_stop(text: str, language: str) -> str:
    """A sentence without its full stop."""
    return text.rstrip(word("full_stop", language))


def without_addition(name: str) -> str:
    """A name without what it ends with in brackets.

    Examples
    --------
    >>> without_addition("Fushun No. 1 (simulated)")
    'Fushun No. 1'
    """
    return _ADDITION.sub("", name) or name


def tight(text: str) -> str:
    """Without the spaces after full-width marks."""
    return "".join(
        sign for before, sign in pairwise(f"_{text}") if sign != " " or east_asian_width(before) != _FULL_WIDTH
    )


def titles(key: str, **arguments: object) -> tuple[str, str]:
    """Text of a key in Chinese and in English, as an operation alert stores its title."""
    return word(key, "zh", **arguments), word(key, "en", **arguments)


def other(language: str) -> str:
    """The other language."""
    return "en" if language == "zh" else "zh"


def number_text(value: float | None, decimals: int, language: str) -> str:
    """A number with groups of thousands and at most ``decimals`` digits after the point; a dash where missing."""
    if value is None:
        return MISSING
    from babel.numbers import format_decimal

    return format_decimal(value, "#,##0." + "#" * decimals if decimals else "#,##0", locale=language)


def quantity(value: float | None, unit: str | None, decimals: int, language: str) -> str:
    """Number and unit."""
    shown = unit_text(unit)
    text = number_text(value, decimals, language)
    return f"{text} {shown}" if shown and value is not None else text


def minutes_text(minutes: float | None, language: str) -> str:
    """Length of a time given in minutes."""
    if minutes is None:
        return MISSING
    whole = max(0, round(minutes))
    parts = (("days", whole // 1440), ("hours", whole % 1440 // 60), ("minutes", whole % 60))
    shown = [word(unit, language, count=count) for unit, count in parts if count]
    return " ".join(shown[:2]) or word("minutes", language, count=0)


def duration_text(duration: timedelta, language: str) -> str:
    """Length of a time span."""
    return minutes_text(duration.total_seconds() / 60.0, language)


def time_text(moment: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Civil time with date, weekday not needed: ``11月22日 16:00`` or ``22 Nov 16:00``; the year is in the footer."""
    if moment is None:
        return MISSING
    from babel.dates import format_datetime

    return format_datetime(moment, word("time", language), tzinfo=zone, locale=language)


def span_text(first: datetime, last: datetime, zone: ZoneInfo, language: str) -> str:
    """From one time to another, the date once where both are of one day."""
    is_one_day = first.astimezone(zone).date() == last.astimezone(zone).date()
    end = f"{last.astimezone(zone):%H:%M}" if is_one_day else time_text(last, zone, language)
    return f"{time_text(first, zone, language)}–{end}"


def zone_text(moment: datetime, zone: ZoneInfo) -> str:
    """Year, zone and offset, once for the whole mail."""
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local.year}, {zone.key} (UTC{offset[:3]}:{offset[3:]})"
