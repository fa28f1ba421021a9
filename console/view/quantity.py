"""How a value, a unit and a parameter are written for a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from schemas.parameter import UnknownParameterError, load_parameters, parameter
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from schemas.words import Words

_DEFAULT_DECIMALS = 2


def unit_of(code: str) -> str:
    """Canonical unit of a parameter, pretty; empty for an unknown one."""
    try:
        return unit_text(parameter(code).unit)
    except UnknownParameterError:
        return ""


def name_of(code: str, words: Words) -> str:
    """Name of a parameter in the language of the page; the code where it is not known."""
    try:
        known = parameter(code)
    except UnknownParameterError:
        return code
    return words.pick(known.name_zh, known.name_en)


def format_value(value: float | None, code: str | None = None) -> str:
    """A value with the decimals of its parameter; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "–"
    known = load_parameters().get(code or "")
    return f"{value:.{known.decimals if known else _DEFAULT_DECIMALS}f}"
