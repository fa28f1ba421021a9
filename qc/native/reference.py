"""Comparison of a window with the period before it, for the tests of noise and regime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit, Positive
from qc.native.rolling import MIN_WINDOW_VALUES, Present
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qc.native.argument import Flags
    from schemas.reason import Figure


class ReferenceLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths of the window and of the reference before it [s]."""

    window_s: Positive
    reference_s: Positive

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.window_s + self.reference_s

    def lengths(self) -> dict[str, Figure]:
        """Figures ``hours`` and ``reference`` of a message [h]."""
        return {"hours": self.window_s / HOUR_S, "reference": self.reference_s / HOUR_S}


def compare_with_reference(
    there: Present, size: int, before: int, differs: Callable[[slice, slice], NDArray[np.bool_]]
) -> Flags:
    """Flag each window of ``size`` values by the ``before`` values ahead of it; ``differs`` receives the ends of both."""
    count = there.numbers.size
    flags = there.unknown()
    if min(size, before) >= MIN_WINDOW_VALUES and count >= size + before:
        now, then = slice(size + before - 1, count), slice(before - 1, count - size)
        dense = there.is_dense(size)[now] & there.is_dense(size + before)[now]
        flags[now] = np.where(dense, np.where(differs(now, then), Flag.SUSPECT, Flag.PASS), Flag.UNKNOWN)
    return flags
