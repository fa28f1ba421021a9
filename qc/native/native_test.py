"""What a native test is: its entry, and how it is run on a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qc.limits.quality_test import L, QualityTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from qc.native.argument import Flags, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTest(QualityTest[L]):
    """One native test.

    Attributes
    ----------
    run : callable or None
        Flags of a series under a limit: unpacks both for the pure function of the module. None: the test does not evaluate the
        values of a series, and `qc.native.runner` calls it.
    explain : callable or None
        Message for a position.
    as_written : bool
        Evaluates each value by itself or its digits; otherwise a direction is put on a line first (`qc.angle`).
    """

    run: Callable[[NativeSeries, L], Flags] | None = None
    explain: Callable[[NativeSeries, L, int], Explanation] | None = None
    as_written: bool = False


@dataclass(frozen=True, slots=True)
class NativeResult:
    """Flags of one test of a series.

    Attributes
    ----------
    test : NativeTest
    flags : array of int8
        One a value.
    explain : callable
        Message for a position.
    """

    test: NativeTest[Any]
    flags: Flags
    explain: Callable[[int], Explanation]


def exempt_low(flags: Flags, values: Values, above: float | None) -> Flags:
    """Flags in which a SUSPECT value at or below ``above`` passes; changes and returns the given array."""
    if above is not None:
        flags[(flags == Flag.SUSPECT) & (values <= above)] = Flag.PASS
    return flags
