"""The content between ``CP=&&`` and ``&&``: items separated by ``;``, fields of an item by ``,``, each ``name=value``.

A field is found by its name, never by its place: devices send the status before the value, a trailing ``;``, and fields
that no edition knows. All of it is kept, so that writing gives the same bytes again; bytes that are not UTF-8, as of a text in GBK,
are kept as surrogates and concern no other field.
"""

from __future__ import annotations

from typing import TypeAlias

from sensors.hj212.frame import BadFrameError, Rule

JOINED = "\0"
"""First character of the name of a field behind ``,`` instead of ``;``."""

Field: TypeAlias = tuple[str, str, str]
"""Name, ``=`` or nothing, value: as `str.partition` gives it."""
Content: TypeAlias = list[Field]
"""Fields in order; one flat list, since building a list an item takes twice the time."""


def parse_content(content: bytes) -> Content:
    """Split the content of a frame that is not ciphered.

    Raises
    ------
    BadFrameError
        A NUL.
    """
    text = content.decode("utf-8", "surrogateescape")
    if JOINED in text:
        raise BadFrameError(Rule.CONTENT, f"character {text.index(JOINED)} is NUL")
    return [field.partition("=") for field in text.replace(",", ";" + JOINED).split(";")]


def encode_content(content: Content) -> bytes:
    """Bytes of a content; inverse of `parse_content`."""
    return ";".join(["".join(field) for field in content]).replace(";" + JOINED, ",").encode("utf-8", "surrogateescape")


def field_name(field: Field) -> str:
    """Name of a field, in any position."""
    return field[0].removeprefix(JOINED)


def plain_text(text: str) -> str:
    """Text for a person: what is not UTF-8 is read as GBK (GB 18030), as loggers in China write it, where it is that."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("gb18030") if not text.isprintable() else text
    except UnicodeError:
        return text
