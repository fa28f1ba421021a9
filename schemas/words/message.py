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
``{x:times}``       a ratio: two significant digits, "more than 100" above 100
``{x:lines}``       the sentences of stored reasons, one a line; a line that is no reason is written unchanged
``{x:tests}``       names of QC tests by their identifiers, which commas separate
``{n:plural.a|b}``  a number and what is counted, ``a`` for one: 1 reading, 3 readings; only where the language has a plural
``{x:known.text}``  the text, with arguments of its own, where the figure is known; else nothing: the bracket of an interval
``{x:.1f}``         Python's format
=================== =====================================================================================
"""

from __future__ import annotations

import json
import math
import re
import string
from datetime import UTC, datetime
from functools import cache, lru_cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from schemas.reason import EXACT, Reason, parse_reason
from schemas.words.catalogue import LANGUAGES, messages
from schemas.words.naming import parameters_text, ratios_text, tests_text, times_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from babel.numbers import NumberPattern

_UNITS = {
    "1": "",
    "degC": "°C",
    "deg": "°",
    "umol/m2/s": "µmol/(m²·s)",
    "g/m2/s": "g/(m²·s)",
    "1/cm3": "cm⁻³",
    "1/s": "s⁻¹",
}
_SUPERSCRIPT = str.maketrans("23", "²³")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_KNOWN = "known."
_TINY = 1e-9
"""Below it a number is written as a power of ten."""
MISSING = "–"
"""Written in the place of a number that is not known."""
_MISFIT = (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a format raises whose figure is of another type or out of range."""


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
        A figure that the reason lacks is written as "–", one that does not have the expected type as it is. Where this version
        has no message for the key, such as one of a test that was removed, the key with its figures.
    """
    chosen = language if language in LANGUAGES else "en"
    text = messages(chosen).get(reason.key)
    if text is None:
        return " ".join([reason.key, *(f"{name}={_as_it_is(value, chosen)}" for name, value in reason.figures.items())])
    return format_message(text, chosen, _Figures(reason.figures))


class _Figures(dict[str, Any]):
    """Figures of a stored reason, which another version may have written: NaN for one that is not there."""

    def __missing__(self, _: str) -> float:
        return math.nan


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
        if name and spec.startswith(_KNOWN):
            is_known = _is_known(arguments[name])
            parts.append(format_message(spec.removeprefix(_KNOWN), language, arguments) if is_known else "")
        elif name:
            written = _written(arguments[name], spec, language)
            if spec == "unit" and not written:  # a pure number: no space before the unit either
                parts[-1] = parts[-1].removesuffix(" ")
            parts.append(written)
    return "".join(parts)


def _is_known(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[tuple[str, str, str], ...]:
    """Literal text, then the argument that follows it (empty: none) and its format."""
    return tuple((literal, name or "", spec or "") for literal, name, spec, _ in string.Formatter().parse(text))


def _written(value: Any, spec: str, language: str) -> str:  # noqa: ANN401 - any argument of a message
    is_counted = spec.startswith("plural.")
    if isinstance(value, float) and not math.isfinite(value) and not is_counted:
        return MISSING
    try:
        write = _WRITERS.get(spec)
        if write is not None:
            return write(value, language)
        if spec.startswith("word."):
            return _word(f"{spec}.{value}", _as_it_is(value, language), language)
        if is_counted:
            return _counted(_plain(value, language), spec.removeprefix("plural."))
        return format(value, spec)
    except _MISFIT:
        # stored by another version, or altered in the database: the sentence with the other figures is worth more than this format
        return _as_it_is(value, language)


def _as_it_is(value: object, language: str) -> str:
    try:
        return _plain(value, language)
    except _MISFIT:
        return str(value)


def number_text(value: float, language: str) -> str:
    """A number in the signs of the language's locale, without grouping.

    Returns
    -------
    str
        Whole numbers below 10¹⁵ with all digits, others with six significant digits, very large and very small ones as a power
        of ten. "–" for NaN and infinities.
    """
    if not math.isfinite(value):
        return MISSING
    is_whole = abs(value) < EXACT and value == int(value)
    text = str(int(value)) if is_whole else f"{value:.6g}"
    decimal, minus, pattern = _signs(language)
    if "e" in text:
        if not _TINY < abs(value) < EXACT:
            mantissa, _, exponent = text.partition("e")
            return f"{mantissa.replace('-', minus)} × 10{str(int(exponent)).translate(_RAISED)}"
        return str(pattern.apply(value, language))
    # Babel's own formatting costs as much as reading and rendering the whole reason
    return text.replace(".", decimal).replace("-", minus)


@cache
def _signs(language: str) -> tuple[str, str, NumberPattern]:
    """Decimal sign, minus sign, and pattern of six significant digits."""
    from babel.numbers import get_decimal_symbol, get_minus_sign_symbol, parse_pattern

    return get_decimal_symbol(language), get_minus_sign_symbol(language), parse_pattern("@#####")


def unit_text(unit: str | None) -> str:
    """A unit as people write it: ``ug/m3`` becomes µg/m³; empty for a pure number."""
    if not unit or unit in _UNITS:
        return _UNITS.get(unit or "", "")
    written = re.sub(r"\bu(?=g|G|mol|S)", "µ", unit)
    return re.sub(r"(?<=m)[23]", lambda match: match[0].translate(_SUPERSCRIPT), written)


def _plain(value: object, language: str) -> str:
    if type(value) is float or type(value) is int:  # the usual figures; the abstract types of numbers are slow to ask
        return number_text(value, language)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        return str(value)
    return number_text(int(value) if isinstance(value, Integral) else float(value), language)


def _counted(number: str, forms: str) -> str:
    one, _, many = forms.partition("|")
    return f"{number} {one if number == '1' else many}"


def _percent(value: Any, language: str) -> str:  # noqa: ANN401 - any number
    return f"{number_text(100 * float(value), language)} %"


def _rounded(value: Any, language: str) -> str:  # noqa: ANN401 - any number
    """Three significant digits, without a power of ten where the usual form has none."""
    return number_text(float(f"{float(value):.3g}"), language)


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
    # not splitlines: the text of an exception may hold other signs that end a line, which JSON does not escape
    return _sentences(value.split("\n") if value else (), language)


def _sentences(stored: Iterable[str], language: str) -> str:
    return _word("word.list.semicolon", "; ", language).join(sentence(item, language) for item in stored)


def _word(key: str, default: str, language: str) -> str:
    return messages(language).get(key, default)


_WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    "": _plain,
    "unit": lambda value, _: unit_text(str(value)),
    "percent": _percent,
    "rounded": _rounded,
    "bilingual": _bilingual,
    "moment": _moment,
    "reasons": _reasons,
    "lines": _lines,
    "parameters": parameters_text,
    "ratios": ratios_text,
    "times": lambda value, language: times_text(float(value), language),
    "tests": tests_text,
}
