"""The sentence of a reason, and how the arguments of a message are written.

=================== =====================================================================================
format in the text  what is written
=================== =====================================================================================
``{value}``         a number (`number_text`), or text unchanged
``{unit:unit}``     a unit as people write it: µg/m³
``{x:percent}``     a part of 1 in percent: 15 %
``{x:word.check}``  the catalogue entry ``word.check.<x>``; the argument itself where there is none
``{x:parameters}``  short names of parameters by their codes, which commas separate
``{x:bilingual}``   a JSON list of two texts, English and Chinese
``{x:moment}``      a moment of ISO 8601: 2026-11-27 16:00 UTC; other text unchanged
``{x:reasons}``     the sentences of a JSON list of stored reasons
``{x:ratios}``      a ratio a parameter, ``toluene=3.1,benzene=2``: toluene 3.1 times, benzene 2.0 times
``{x:lines}``       the sentences of stored reasons, one a line; a line that is no reason is written unchanged
``{x:tests}``       names of QC tests by their identifiers, which commas separate
``{x:.1f}``         Python's format
=================== =====================================================================================
"""

from __future__ import annotations

import json
import math
import string
from datetime import UTC, datetime
from functools import cache, lru_cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from schemas.reason import Reason, parse_reason
from schemas.words.catalogue import LANGUAGES, messages
from schemas.words.naming import parameters_text, ratios_text, tests_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from babel.numbers import NumberPattern

_UNITS = {
    "ug/m3": "µg/m³",
    "mg/m3": "mg/m³",
    "ng/m3": "ng/m³",
    "degC": "°C",
    "deg": "°",
    "m3/m3": "m³/m³",
    "W/m2": "W/m²",
    "umol/m2/s": "µmol/(m²·s)",
    "uGy/h": "µGy/h",
    "uS/cm": "µS/cm",
    "1/cm3": "cm⁻³",
}
MISSING = "–"
"""Written in the place of a number that is not known."""
_MISFIT = (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a message raises whose figures are absent, of another type or out of range."""


def render(reason: Reason, language: str) -> str:
    """Sentence of a reason.

    Parameters
    ----------
    reason : Reason
    language : str
        ``en`` or ``zh``; any other is read as ``en``.

    Returns
    -------
    str
        The key with its figures where this version has no message for it, such as a reason of a test that was removed, or
        has one that the figures do not fit: another version stored them, or they were altered in the database.
    """
    chosen = language if language in LANGUAGES else "en"
    text = messages(chosen).get(reason.key)
    if text is not None:
        try:
            return format_message(text, chosen, reason.figures)
        except _MISFIT:
            pass
    return " ".join([reason.key, *(f"{name}={value}" for name, value in reason.figures.items())])


@lru_cache(maxsize=16_384)
def sentence(stored: str, language: str) -> str:
    """Sentence of a stored reason; a text that is no reason, such as the note of a person, is returned unchanged."""
    reason = parse_reason(stored)
    return stored if reason is None else render(reason, language)


def format_message(text: str, language: str, arguments: Mapping[str, object]) -> str:
    """Text of a message with its arguments written for a language.

    Raises
    ------
    KeyError
        An argument that the text names is not given.
    """
    parts: list[str] = []
    for literal, name, spec in _parsed(text):
        parts.append(literal)
        if name:
            parts.append(_written(arguments[name], spec, language))
    return "".join(parts)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[tuple[str, str, str], ...]:
    """Literal text, then the argument that follows it (empty: none) and its format."""
    return tuple((literal, name or "", spec or "") for literal, name, spec, _ in string.Formatter().parse(text))


def _written(value: Any, spec: str, language: str) -> str:  # noqa: ANN401 - any argument of a message
    write = _WRITERS.get(spec)
    if write is not None:
        return write(value, language)
    if spec.startswith("word."):
        return _word(f"{spec}.{value}", str(value), language)
    return MISSING if isinstance(value, float) and not math.isfinite(value) else format(value, spec)


def number_text(value: float, language: str) -> str:
    """A number in the signs of the language's locale, without grouping: an integer whole, others with six significant digits.

    Returns
    -------
    str
        "–" for NaN and infinities.
    """
    if not math.isfinite(value):
        return MISSING
    text = str(value) if isinstance(value, int) else f"{value:.6g}"
    decimal, minus, pattern = _signs(language)
    if "e" in text:
        return str(pattern.apply(value, language))
    # Babel's own formatting costs as much as reading and rendering the whole reason
    return text.replace(".", decimal).replace("-", minus)


@cache
def _signs(language: str) -> tuple[str, str, NumberPattern]:
    """Decimal sign, minus sign, and pattern of six significant digits."""
    from babel.numbers import get_decimal_symbol, get_minus_sign_symbol, parse_pattern

    return get_decimal_symbol(language), get_minus_sign_symbol(language), parse_pattern("@#####")


def unit_text(unit: str | None) -> str:
    """A unit as people write it: µg/m³."""
    return _UNITS.get(unit or "", unit or "")


def _plain(value: object, language: str) -> str:
    if type(value) is float or type(value) is int:  # the usual figures; the abstract types of numbers are slow to ask
        return number_text(value, language)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    return number_text(int(value) if isinstance(value, Integral) else float(value), language)


def _percent(value: Any, language: str) -> str:  # noqa: ANN401 - any number
    share = float(value)
    return f"{number_text(100 * share, language)} %" if math.isfinite(share) else MISSING


def _bilingual(value: str, language: str) -> str:
    return str(json.loads(value)[language == "zh"])


def _moment(value: object, _: str) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment.tzinfo else str(value)


def _reasons(value: str, language: str) -> str:
    return _sentences(json.loads(value), language)


def _lines(value: str, language: str) -> str:
    return _sentences(value.splitlines(), language)


def _sentences(stored: Iterable[str], language: str) -> str:
    return _word("word.list.semicolon", "; ", language).join(sentence(item, language) for item in stored)


def _word(key: str, default: str, language: str) -> str:
    return messages(language).get(key, default)


_WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    "": _plain,
    "unit": lambda value, _: unit_text(str(value)),
    "percent": _percent,
    "bilingual": _bilingual,
    "moment": _moment,
    "reasons": _reasons,
    "lines": _lines,
    "parameters": parameters_text,
    "ratios": ratios_text,
    "tests": tests_text,
}
