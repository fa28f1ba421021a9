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
# Possessive throughout, so that any megabyte is passed over once; what is kept as it stands is one piece.
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
_LITERALS = frozenset({"true", "false", "null"})


class JsonError(ValueError):
    """A payload that is no JSON; carries the reason of its rejection."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def read_json(payload: bytes) -> JsonValue:
    """What a payload says, in any spelling.

    Parameters
    ----------
    payload : bytes
        Anything. A byte order mark in front and NULs behind, as of texts in C, are passed over.

    Returns
    -------
    object
        As of the standard library's parser; whole numbers of more than 19 digits are floats, ``nan`` and ``inf`` too. Of a key that
        stands twice in an object the last one counts.

    Raises
    ------
    JsonError
        Nothing else, whatever the bytes are.
    """
    try:
        text = payload.decode("utf-8").strip(_BLANKS)
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is {payload[error.start]:#04x}: {error.reason}, expected UTF-8"
        raise JsonError(RejectReason.BAD_UTF8, detail) from error
    try:
        return _parse(text)
    except RecursionError as error:
        detail = "nested deeper than can be read, expected objects in one array"
        raise JsonError(RejectReason.NOT_JSON, detail) from error
    except ValueError as error:
        words = foreign_words(text) or f"{error}; expected JSON, found {shown(text)}"
        raise JsonError(RejectReason.NOT_JSON, words) from error


def foreign_words(text: str) -> str:
    """What a text is that comes from no instrument, such as the page of a proxy; empty where nothing is known of it."""
    if not _MARKUP.match(text):
        return ""
    text = text.lstrip(_BLANKS)
    title = _TITLE.search(text[:_LOOKED_AT])
    named = f" {shown(title[1].strip())}" if title else f", {shown(text)}"
    return f"a page of HTML or XML{named}: a proxy or portal on the way may have answered, expected the station's own message"


def shown(raw: object) -> str:
    """Form for a person: short, printable, on one line, in JSON's words."""
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
        return json.loads(text, parse_int=_integer)
    except ValueError:
        if not text.startswith(("{", "[")):
            raise
        return json.loads(_PIECE.sub(_strictly, text), parse_int=_integer)


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
