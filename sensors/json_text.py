"""JSON as instruments write it: strict where it is JSON, and read all the same where only its spelling is not.

Programs print numbers by ``printf``: ``nan``, ``-inf``, ``5.``, ``.5``, ``+7``, ``007``. A word without quotes, an absent value and a comma
behind the last item have one meaning too. So none of them costs the message: the number is read, the word becomes a text (which no
value is), the absent value is null. The same reading serves decoding and the repair of quarantined messages.
"""

from __future__ import annotations

import json
import re

from schemas.reading import RejectReason

JsonValue = object
"""Whatever JSON can hold."""

_BLANKS = "\ufeff \t\r\n\0"
_SHOWN = 80
_LOOKED_AT = 4_096
_INTEGER_DIGITS = 19
_MARKUP = re.compile(r"[\ufeff\s]*<[!?a-zA-Z]")
_TITLE = re.compile(r"<title[^>]{0,80}>([^<]{1,200})</title>", re.IGNORECASE)
# Possessive throughout, so that any megabyte is passed over once; what is kept unchanged is one piece.
_PIECE = re.compile(
    r'(?:"(?:[^"\\]++|\\.)*+"?+|[\s\[\]{}]++|:(?!\s*+[,}])|,(?!\s*+[}\]]))++'
    r"|(?P<absent>:)"
    r"|(?P<last>,)"
    r'|(?P<word>[^\s\[\]{},:"]++)',
    re.DOTALL,
)
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?:0*(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]*))?|\.(?P<only>[0-9]+))(?P<power>[eE][+-]?[0-9]+)?"
)
_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan(?:\(\w*\))?|1\.#(?:q?nan|snan|ind)\w*)", re.IGNORECASE)
_INFINITE = re.compile(r"[+-]?(?:inf|infinity|1\.#inf\w*)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[:\[,]\s*[+-]?[0-9]+,$")
_BEHIND = "Extra data"
"""Message of the standard library for text behind a document."""
_LITERALS = frozenset({"true", "false", "null"})


class JsonObject(dict[str, JsonValue]):
    """An object of a payload.

    Attributes
    ----------
    twice : frozenset of str
        Keys that occur with two values, of which the last one is held; which one is right is unknown.
    """

    twice: frozenset[str] = frozenset()


class JsonError(ValueError):
    """A payload that is no JSON; carries the reason of its rejection."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def read_json(payload: bytes) -> JsonValue:
    """Parse a payload, in any spelling.

    Parameters
    ----------
    payload : bytes
        Anything. A byte order mark in front and NULs behind, as of texts in C, are passed over.

    Returns
    -------
    object
        As of the standard library's parser, an object as `JsonObject`; whole numbers of more than 19 digits are floats, ``nan`` and
        ``inf`` too.

    Raises
    ------
    JsonError
        Nothing else, whatever the bytes are.
    """
    try:
        text = payload.decode("utf-8").strip(_BLANKS)
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is {payload[error.start]:#04x}: {error.reason}{_as_gbk(payload)}, expected UTF-8"
        raise JsonError(RejectReason.BAD_UTF8, detail) from error
    try:
        return _parse(text)
    except RecursionError as error:
        detail = "nested deeper than can be read, expected objects in one array"
        raise JsonError(RejectReason.NOT_JSON, detail) from error
    except json.JSONDecodeError as error:
        raise JsonError(RejectReason.NOT_JSON, other_format(text) or _why_none(error)) from error


def has_twice(payload: bytes) -> bool:
    """Whether a key occurs with two values in an object of this JSON."""
    found = False

    def look(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        nonlocal found
        made = _object(pairs)
        found |= bool(made.twice)
        return made

    json.loads(payload, object_pairs_hook=look)
    return found


def other_format(text: str) -> str:
    """What a text is that comes from no instrument, such as the page of a proxy; empty where nothing is known of it."""
    if not _MARKUP.match(text):
        return ""
    text = text.lstrip(_BLANKS)
    title = _TITLE.search(text[:_LOOKED_AT])
    named = f" {shown(title[1].strip())}" if title else f", {shown(text)}"
    return f"a page of HTML or XML{named}: a proxy or portal on the way may have answered, expected the station's own message"


def shown(raw: object) -> str:
    """Form for a person: short, printable, on one line, in JSON."""
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    if raw is None or isinstance(raw, bool):
        return json.dumps(raw)
    if isinstance(raw, float) and (raw != raw or abs(raw) == float("inf")):  # noqa: PLR0124 - NaN
        return "NaN" if raw != raw else "a number beyond all bounds"  # noqa: PLR0124
    text = repr(raw[: 2 * _SHOWN] if isinstance(raw, str) else raw)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def clipped(text: str, most: int = _SHOWN) -> str:
    """Foreign text that any store can keep: no surrogates, no control characters, at most so many characters."""
    short = text[:most]
    return short if short.isprintable() else repr(short)[1:-1][:most]


def _parse(text: str) -> JsonValue:
    try:
        return _load(text)
    except json.JSONDecodeError as error:
        if error.msg == _BEHIND or not text.startswith(("{", "[")):
            raise
        return _load(_PIECE.sub(_strictly, text))


def _load(text: str) -> JsonValue:
    return json.loads(text, parse_int=_integer, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    made = JsonObject(pairs)
    if len(made) < len(pairs):
        made.twice = frozenset(key for key, value in pairs if made[key] != value)
    return made


def _why_none(error: json.JSONDecodeError) -> str:
    """The place where a text ceases to be JSON, and what was expected there."""
    before, found = error.doc[: error.pos].rstrip(), shown(error.doc[error.pos :])
    if error.msg == _BEHIND:
        return (
            f"character {error.pos}: {found} behind the end of the document, expected one object, or an array of them"
        )
    if _DECIMAL_COMMA.search(before) and found[1:2].isdigit():
        return (
            f"character {error.pos}: {found} behind {shown(before[-20:])}: a decimal comma? expected a point, as 12.5"
        )
    where = found if error.pos < len(error.doc) else "the end"
    return f"character {error.pos}: {where}: {error.msg}; expected JSON, found {shown(error.doc)}"


def _as_gbk(payload: bytes) -> str:
    """Text of bytes in GBK (GB 18030), as loggers in China write it; empty for other bytes."""
    try:
        text = payload.decode("gb18030").strip(_BLANKS)
    except UnicodeDecodeError:
        return ""
    return f" (as GBK: {shown(text)})" if text.isprintable() else ""


def _strictly(piece: re.Match[str]) -> str:
    """A piece of the text as JSON writes it."""
    word = piece["word"]
    if word is not None:
        return _word(word)
    if piece["absent"] is not None:
        return ":null"
    return "" if piece["last"] is not None else piece[0]


def _word(word: str) -> str:
    if word in _LITERALS:
        return word
    number = _NUMBER.fullmatch(word)
    if number is not None:
        sign = "-" if number["sign"] == "-" else ""
        part = number["part"] or number["only"]
        return f"{sign}{number['whole'] or '0'}{'.' + part if part else ''}{number['power'] or ''}"
    if _NOT_A_NUMBER.fullmatch(word):
        return "NaN"
    if _INFINITE.fullmatch(word):
        return "-Infinity" if word.startswith("-") else "Infinity"
    return json.dumps(word)


def _integer(digits: str) -> int | float:
    # int() refuses more than 4,300 digits and takes quadratic time below; a float takes neither.
    return int(digits) if len(digits) <= _INTEGER_DIGITS else float(digits)
