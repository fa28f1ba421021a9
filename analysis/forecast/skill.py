"""Hits and misses of a threshold.

References
----------
POD = a / (a + c), FAR = b / (a + b), CSI = a / (a + b + c) with a hits, b false alarms, c misses (the customary
contingency table of forecast verification).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINIMUM_EVENTS = 20
"""Fewest observed events for the choice of a cut."""


class Table(msgspec.Struct, frozen=True):
    """Hits, false alarms and misses."""

    hits: int
    false_alarms: int
    misses: int

    @property
    def pod(self) -> float | None:
        """Probability of detection; None without events."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio; None without warnings."""
        return _ratio(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> float | None:
        """Critical success index; None with neither events nor warnings."""
        return _ratio(self.hits, self.hits + self.false_alarms + self.misses)


def contingency(observed: NDArray[np.float64], predicted: NDArray[np.float64], threshold: float, cut: float) -> Table:
    """Count hits, false alarms and misses over pairs without NaN.

    Parameters
    ----------
    observed, predicted : array of float, (n,)
        In the unit of the target; NaN missing.
    threshold, cut : float
        Observed values and predictions at or above them are events and warnings.

    Examples
    --------
    >>> import numpy as np
    >>> table = contingency(np.array([80.0, 70.0, 90.0]), np.array([85.0, 80.0, 60.0]), 75.0, 75.0)
    >>> table.hits, table.false_alarms, table.misses, table.pod
    (1, 1, 1, 0.5)
    """
    known = np.isfinite(observed) & np.isfinite(predicted)
    event, warned = observed[known] >= threshold, predicted[known] >= cut
    return Table(int((event & warned).sum()), int((~event & warned).sum()), int((event & ~warned).sum()))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
