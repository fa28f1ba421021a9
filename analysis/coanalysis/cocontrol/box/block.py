"""Days side by side: a period in blocks that run at once, each row of the ensemble once a block.

A block after the first begins three days early, and these are left out: of what a cut changes in the air aloft, a third is lost each day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SPIN_UP_D: Final = 3
BLOCK_D: Final = 6
"""Days of a block without its spin-up: small steps of few rows are slow, and each block runs the days before it too."""


@dataclass(frozen=True, slots=True)
class DayBlocks:
    """Blocks of a period; ``length`` with spin-up and ``starts`` are in days.

    Examples
    --------
    >>> day_blocks(12)
    DayBlocks(days=12, length=8, starts=(0, 4))
    >>> day_blocks(6)
    DayBlocks(days=6, length=6, starts=(0,))
    """

    days: int
    length: int
    starts: tuple[int, ...]

    def rows(self, members: int) -> NDArray[np.int64]:
        """First day of each row: all members of the first block, then of the next."""
        return np.repeat(np.asarray(self.starts, dtype=np.int64), members)

    def joined(self, hours: Array) -> Array:
        """Hours of all blocks, (hour of the block, row, ...), as hours of the period, (hour, member, ...)."""
        by_block = np.split(hours, len(self.starts), axis=1)
        parts, done = [], 0
        for start, block in zip(self.starts, by_block, strict=True):
            parts.append(block[24 * (done - start) :])
            done = start + self.length
        return np.concatenate(parts)


def day_blocks(days: int) -> DayBlocks:
    """Blocks of a period: the last one ends with the period, the first one has no days before it to spin up."""
    if days < 2 * SPIN_UP_D + BLOCK_D:
        return DayBlocks(days=days, length=days, starts=(0,))
    own = -(-(days - SPIN_UP_D) // round((days - SPIN_UP_D) / BLOCK_D))
    starts = [min(start, days - own - SPIN_UP_D) for start in range(0, days - SPIN_UP_D, own)]
    return DayBlocks(days=days, length=own + SPIN_UP_D, starts=tuple(starts))
