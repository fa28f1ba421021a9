"""Text that a person wrote, from a mail, a page or a call."""

from __future__ import annotations

from unicodedata import category

_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional controls: with them a text is shown in another order than it has."""
_KEPT = frozenset("\n\t")
_NEVER_SHOWN = frozenset({"Cc", "Cs"})


def plain_text(text: str) -> str:
    r"""The text as it can be stored and shown: with line breaks and tabs, without any other control character.

    Left out are also the characters that reorder others, and halves of surrogate pairs, which no database takes. All kinds of line breaks become ``\n``.

    >>> plain_text("valve\x00 closed\r\nby \u202eme")
    'valve closed\nby me'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(sign for sign in lines if sign in _KEPT or not _is_left_out(sign))


def _is_left_out(sign: str) -> bool:
    return sign in _REORDERING or category(sign) in _NEVER_SHOWN
