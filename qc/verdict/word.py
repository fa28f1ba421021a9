"""Word and probability of a verdict, from its log-odds. Pure."""

from __future__ import annotations

import math
from enum import StrEnum

UNDECIDED = 0.5
"""Log-odds below which a verdict is undecided [1]; project default."""


class Word(StrEnum):
    """Fault, event or undecided."""

    EVENT = "event"
    FAULT = "fault"
    UNDECIDED = "undecided"


def word_of(log_odds: float) -> Word:
    """Word of the log-odds of an event [1].

    Examples
    --------
    >>> word_of(2.0).value, word_of(-2.0).value, word_of(0.1).value
    ('event', 'fault', 'undecided')
    """
    if abs(log_odds) < UNDECIDED:
        return Word.UNDECIDED
    return Word.EVENT if log_odds > 0 else Word.FAULT


def probability(log_odds: float) -> float:
    """Logistic function, 0 to 1 [1].

    Examples
    --------
    >>> probability(0.0)
    0.5
    >>> round(probability(2.0), 3)
    0.881
    """
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds))
    return 1 / (1 + math.exp(-log_odds))
