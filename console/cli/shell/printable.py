"""Text from elsewhere for a terminal."""

from __future__ import annotations


def printable(text: object) -> str:
    """A text on one line, with control characters as escapes: a message of a station can act on no terminal and fake no line."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in str(text))
