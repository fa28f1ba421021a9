"""Checks of a threshold against its parameter: unit, range, and a clear value that can be reached."""

from __future__ import annotations

import math
from typing import Protocol

from schemas.parameter import AveragingMethod, ParameterError, parameter
from schemas.units import UnitError, conversion


class _Measured(Protocol):
    """A rule on values of a parameter."""

    @property
    def parameter(self) -> str: ...
    @property
    def unit(self) -> str: ...


class _Threshold(_Measured, Protocol):
    """A rule that compares a parameter with a value."""

    @property
    def limit(self) -> float: ...
    @property
    def clear_limit(self) -> float: ...


def unit_problems(rule: _Measured) -> list[tuple[str, str]]:
    """A parameter or unit that is not known, and a direction, which no threshold parts."""
    try:
        known = parameter(rule.parameter)
    except ParameterError as error:
        return [("parameter", str(error))]
    if known.averaging is AveragingMethod.VECTOR:
        return [("parameter", f"{rule.parameter!r} is a direction: 359 and 1 are neighbours, no threshold parts them")]
    try:
        conversion(rule.unit, known)
    except UnitError:
        return [("unit", f"{rule.unit!r}, expected one of {', '.join(known.allowed_units)}")]
    return []


def level_problems(rule: _Threshold, *, above: bool) -> list[tuple[str, str]]:
    """A threshold that no value can pass, and a clear value that none can come back to."""
    known = parameter(rule.parameter)
    low = -math.inf if known.range_min is None else known.range_min
    high = math.inf if known.range_max is None else known.range_max
    span = f"expected a value within the range of {rule.parameter}, {low:g} to {high:g} {known.unit}"
    if not low < rule.limit < high:
        return [("above" if above else "below", span)]
    if not low <= rule.clear_limit <= high:
        return [("clear", span)]
    return clear_problems(rule.limit, rule.clear_limit, above=above)


def clear_problems(limit: float, clear: float, *, above: bool) -> list[tuple[str, str]]:
    """A clear value on the wrong side of the threshold."""
    if (above and clear > limit) or (not above and clear < limit):
        side = "at most" if above else "at least"
        return [("clear", f"expected {side} the threshold")]
    return []
