"""Text of a file that people write."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOST_CHARACTERS = 10_000_000
"""Of a TOML file: parsed, it takes up to a hundred times as much memory [1]; project choice."""
MOST_DOTS = 8
"""Of a key: the parser's memory grows with their square [1]; project choice."""
# a string that is not closed ends with the line
_NO_KEY = re.compile(r"""\"(?:[^"\\]|\\.?)*(?:"|$)|'[^']*(?:'|$)|\#.*""")
_BETWEEN_KEYS = re.compile(r"[,=\[\]{}]")


def read_text(path: Path, error: type[Exception]) -> str:
    """Text of a UTF-8 file without the byte order mark that some editors write.

    Parameters
    ----------
    path : Path
    error : type of Exception
        Raised with path and reason where the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        msg = f"{path}: cannot be read: {fault}"
        raise error(msg) from fault


def parse_toml(text: str) -> dict[str, Any]:
    r"""Tables of a TOML file, within bounds of memory; raises `tomllib.TOMLDecodeError`.

    Examples
    --------
    >>> parse_toml('[a.b]\nc = "d"')
    {'a': {'b': {'c': 'd'}}}
    >>> parse_toml(".".join("a" * 20) + " = 1")
    Traceback (most recent call last):
    ...
    tomllib.TOMLDecodeError: line 1: a key of 20 parts, expected at most 9
    """
    if len(text) > MOST_CHARACTERS:
        msg = f"{len(text)} characters, expected at most {MOST_CHARACTERS}"
        raise tomllib.TOMLDecodeError(msg)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and (dots := _dots(line)) > MOST_DOTS:
            msg = f"line {number}: a key of {dots + 1} parts, expected at most {MOST_DOTS + 1}"
            raise tomllib.TOMLDecodeError(msg)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        msg = f"nested too deeply: {error}"
        raise tomllib.TOMLDecodeError(msg) from error


def toml_line(text: str, table: str, position: int, *keys: str) -> int | None:
    r"""Number of the line of the first of these keys that a table has, or else that where the table begins.

    Parameters
    ----------
    text : str
        The file.
    table : str
        Name of an array of tables (``[[table]]``); empty: keys at the top of the file.
    position : int
        Of the table among those of its name, from 0.
    keys : str

    Returns
    -------
    int or None
        From 1. None where the file writes its tables in another way.

    Examples
    --------
    >>> toml_line('zone = "UTC"\n[[person]]\nid = "a"\n[[person]]\nid = "b"', "person", 1, "mail", "id")
    5
    """
    lines = text.split("\n")
    heads = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    begins = [-1] if not table else [n for n in heads if re.match(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]", lines[n])]
    if len(begins) <= position:
        return None
    first = begins[position]
    own_part = re.compile(rf"\s*\[\s*{re.escape(table)}\.")  # as [rule.baseline]
    after = next((number for number in heads if number > first and not own_part.match(lines[number])), len(lines))
    for key in keys:
        own = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*[=.]")
        for number in range(first + 1, after):
            if own.match(lines[number]):
                return number + 1
    return first + 1 if table else None


def _dots(line: str) -> int:
    """Most dots of a key in a line."""
    return max(part.count(".") for part in _BETWEEN_KEYS.split(_NO_KEY.sub("", line)))
