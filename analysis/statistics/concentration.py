"""Concentrations as exact fractions, so that no residue of binary arithmetic shows in an index that is rounded up.

A float is taken as the decimal with nine digits after the point that it is nearest to.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from analysis.statistics.limit import (
    AnalysisError,
)

Concentration = float | int | Decimal | str | Fraction
FLOAT_STEPS = 10**9  # a float counts in steps of 1e-9: far below any instrument, far above the residue of a sum
_EXPONENT_MAX = 30
"""Largest power of ten of a concentration, either way [1]."""


class ConcentrationError(AnalysisError):
    """A concentration that is not a number, infinite, or below the physical range of the parameter."""


def exact(concentration: Concentration | None) -> Fraction | None:
    """Take a concentration as a fraction; None if missing (None, NaN). Raises `ConcentrationError` if no finite number.

    Examples
    --------
    >>> exact(0.1 + 0.2)
    Fraction(3, 10)
    >>> exact(float("nan")) is None
    True
    """
    if concentration is None:
        return None
    if isinstance(concentration, bool):
        msg = f"concentration {concentration!r}: expected a number"
        raise ConcentrationError(msg)
    try:
        if isinstance(concentration, float | np.floating):
            number = float(concentration)
            return None if math.isnan(number) else Fraction(round(number * FLOAT_STEPS), FLOAT_STEPS)
        if isinstance(concentration, str):
            concentration = _decimal(concentration.strip())
        if isinstance(concentration, Decimal) and concentration.is_nan():
            return None
        return _fraction(concentration)
    except (InvalidOperation, OverflowError, ValueError, TypeError) as error:
        msg = f"concentration {str(concentration)!r}: expected a finite number below 1e{_EXPONENT_MAX}"
        raise ConcentrationError(msg) from error


def _fraction(number: Concentration) -> Fraction:
    """The same number; raises `OverflowError` for a decimal of which a fraction has a million digits."""
    if isinstance(number, Decimal) and number and abs(number.adjusted()) > _EXPONENT_MAX:
        raise OverflowError
    return Fraction(number)


def _decimal(text: str) -> Decimal:
    """Number of a text in ASCII digits without separators; raises `InvalidOperation` or `ValueError`."""
    if not text.isascii() or "_" in text:
        raise ValueError
    return Decimal(text)
