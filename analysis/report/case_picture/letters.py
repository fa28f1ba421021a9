"""Width and lines of a text of Latin and Chinese letters."""

from __future__ import annotations

import re
import unicodedata

_PIECES = re.compile(
    r"[\u2e80-\u9fff\uff00-\uffef][\u3001\u3002\uff08-\uff1f]?|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+"
)
"""What stays together on a line: a Chinese letter with the mark that follows it, or a word."""


def display_width(text: str) -> int:
    """Width of a text in Latin letters; a Chinese one counts for two.

    Examples
    --------
    >>> display_width("PM2.5 沈阳")
    10
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, letters: int) -> list[str]:
    """Lines of a text of at most ``letters`` Latin letters; broken at spaces, between Chinese letters anywhere.

    Examples
    --------
    >>> wrapped("PM2.5 at Shenyang 1", 12)
    ['PM2.5 at', 'Shenyang 1']
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if line and display_width(line + piece.rstrip()) > letters:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines
