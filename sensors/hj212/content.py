"""What stands between ``CP=&&`` and ``&&``: items separated by ``;``, fields of an item by ``,``, each ``name=value``.

A field is found by its name, never by its place: devices send the status before the value, a trailing ``;``, and fields
that no edition knows. All of it is kept, so that writing gives the same bytes again.
"""

from __future__ import annotations

from typing import TypeAlias

from sensors.hj212.frame import BadFrameError, Rule

JOINED = "\0"
"""First character of the name of a field that stands behind ``,`` instead of ``;``."""

Field: TypeAlias = tuple[str, str, str]
"""Name, ``=`` or nothing, value: as `str.partition` gives it."""
Content: TypeAlias = list[Field]
"""Fields in order; one flat list, since building a list an item takes twice the time."""


def parse_content(content: bytes) -> Content:
    """Split the content of a frame that is not ciphered.

    Raises
    ------
    BadFrameError
        Not UTF-8, which HJ 212-2017 asks for where there is more than ASCII, or a NUL.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFrameError(Rule.CONTENT, f"byte {error.start}: {error.reason}, expected UTF-8") from None
    if JOINED in text:
        raise BadFrameError(Rule.CONTENT, f"character {text.index(JOINED)} is NUL")
    return [field.partition("=") for field in text.replace(",", ";" + JOINED).split(";")]


def encode_content(content: Content) -> bytes:
    """Bytes of a content; inverse of `parse_content`."""
    return ";".join(["".join(field) for field in content]).replace(";" + JOINED, ",").encode("utf-8")


def field_name(field: Field) -> str:
    """Name of a field, wherever it stands."""
    return field[0].removeprefix(JOINED)
