"""Words of the console in Chinese and English: one catalogue a language, the same keys in both."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

LANGUAGES = ("zh", "en")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_TWO_UNITS_BELOW_S = 10 * _HOUR_S


class MissingWordError(KeyError):
    """A key that the catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue of one language; call it with a key and the values of its ``{placeholders}``."""

    language: str
    catalogue: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Text for ``key``; raises `MissingWordError` for an unknown key."""
        try:
            text = self.catalogue[key]
        except KeyError as error:
            msg = f"{self.language}: no text for {key!r}"
            raise MissingWordError(msg) from error
        return text.format(**values) if values else text

    def get(self, key: str, default: str) -> str:
        """Text for a key that comes from data and may be new; ``default`` where it has no text."""
        return self.catalogue.get(key, default)

    def pick(self, name_zh: str, name_en: str) -> str:
        """The name in this language, falling back to the other one."""
        return (name_zh or name_en) if self.language == "zh" else (name_en or name_zh)

    def duration(self, span: timedelta) -> str:
        """A length of time for reading: two units at most, never negative."""
        seconds = max(0, int(span.total_seconds()))
        if seconds < _MINUTE_S:
            return self("time.seconds", n=seconds)
        if seconds < _HOUR_S:
            return self("time.minutes", n=seconds // _MINUTE_S)
        if seconds < _TWO_UNITS_BELOW_S and seconds % _HOUR_S >= _MINUTE_S:
            return self("time.hours_minutes", h=seconds // _HOUR_S, m=seconds % _HOUR_S // _MINUTE_S)
        if seconds < 2 * _DAY_S:
            return self("time.hours", n=seconds // _HOUR_S)
        return self("time.days", n=seconds // _DAY_S)


@cache
def words(language: str) -> Words:
    """Catalogue of ``zh`` or ``en``; any other language gets ``en``."""
    chosen = language if language in LANGUAGES else "en"
    text = Path(__file__).with_name(f"{chosen}.toml").read_text(encoding="utf-8")
    return Words(chosen, MappingProxyType(dict(_flatten(tomllib.loads(text), ""))))


def _flatten(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value)
