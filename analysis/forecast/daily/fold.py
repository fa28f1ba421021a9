"""Folds of whole weeks that are held out of training in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_D = 21
"""Days of a block that is held out, three whole weeks."""
FOLDS = 5
GAP_D = 4
"""Days on both sides of a held-out block that are left out of training."""


def fold_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fold of each day: blocks of `BLOCK_D` days in turn."""
    return np.asarray(day // BLOCK_D % FOLDS, dtype=np.int64)


def is_near(day: NDArray[np.int64], fold: int) -> NDArray[np.bool_]:
    """Whether each day is in a block of the fold or at most `GAP_D` days from one."""
    found = [fold_of(day + shift) == fold for shift in range(-GAP_D, GAP_D + 1)]
    return np.asarray(np.any(found, axis=0))
