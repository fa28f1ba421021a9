"""A small reader of line protocol, written from its documentation, for round trips."""

from __future__ import annotations

import re

_UNESCAPED_SPACE = re.compile(r'((?:\\.|[^\\ ])+) ((?:"(?:\\.|[^"\\])*"|\\.|[^\\ "])+) (-?\d+)', re.DOTALL)
_FIELD = re.compile(r'((?:\\[,= ]|[^,=])+)=("(?:\\.|[^"\\])*"|[^,]+)(?:,|$)', re.DOTALL)


def parse_line(line: bytes) -> tuple[str, dict[str, str], dict[str, float | int | str], int]:
    match = _UNESCAPED_SPACE.fullmatch(line.decode())
    assert match, line
    name, *tags = re.split(r"(?<!\\),", match[1])
    pairs = (re.split(r"(?<!\\)=", tag) for tag in tags)
    fields = {_plain(key): _value(text) for key, text in _FIELD.findall(match[2])}
    return _plain(name), {_plain(key): _plain(value) for key, value in pairs}, fields, int(match[3])


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(text: str) -> float | int | str:
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return int(text[:-1]) if text.endswith("i") else float(text)
