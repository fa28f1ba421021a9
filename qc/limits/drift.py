"""How drift is judged: the scale of the comparison and the figures of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_DAY_S = 86_400.0


class DriftScale(StrEnum):
    """How a series is compared with its reference."""

    DIFFERENCE = "difference"
    """``value - reference``: a zero that moves."""
    LOG_RATIO = "log_ratio"
    """``ln(value / reference)`` of values above the floor: a gain that moves; 0.1 is about 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRule:
    """How drift is judged.

    Attributes
    ----------
    suspect : float
        Distance of a block from the baseline, by scale: unit of the values or [1], > 0.
    scale : DriftScale
    floor : float
        For the log ratio: pairs in which one is at or below are left out; unit of the values, > 0.
    block_s : float
        Values are compared by medians over blocks of this length [s]; a day takes out what differs by the hour.
    baseline_blocks : int
        First blocks of the series, whose median is the baseline.
    least : int
        Fewest pairs of a block.
    """

    suspect: float
    scale: DriftScale = DriftScale.DIFFERENCE
    floor: float = 1.0
    block_s: float = _DAY_S
    baseline_blocks: int = 5
    least: int = 12
