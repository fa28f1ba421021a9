"""Figures of results: a number, or nothing."""

from __future__ import annotations

import math


def finite_or_none(figure: float) -> float | None:
    """The number as a Python float; None for NaN and infinities, which JSON has not.

    Examples
    --------
    >>> finite_or_none(1.5), finite_or_none(float("nan"))
    (1.5, None)
    """
    return float(figure) if math.isfinite(figure) else None
