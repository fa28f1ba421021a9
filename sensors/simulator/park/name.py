"""Names of the invented stations and enterprises, ``names.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec


class _InTwoLanguages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: str
    en: str


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names in both languages; ``kind`` by the kind of an enterprise."""

    station_zh: str
    synthetic_zh: str
    kind: dict[str, _InTwoLanguages]


@cache
def names() -> Names:
    """All names.

    >>> names().kind["steel"].en
    'Steel works'
    """
    text = Path(__file__).with_name("names.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Names)
