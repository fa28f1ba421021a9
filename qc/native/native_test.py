"""What a native test is: its limit, how it is run on a series, its messages, and the flags it may give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qc.limits.limit import BaseLimit, test_of
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qc.native.argument import Flags, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation

L = TypeVar("L", bound=BaseLimit)


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTest(Generic[L]):
    """One native test.

    Attributes
    ----------
    name : str
        In records, limits, catalogues and pages; by default the tag of the limit.
    limit : type or None
        None: the test has no limit by parameter.
    run : callable or None
        Flags of a series under a limit: unpacks both for the pure function of the module. None: the test does not evaluate the
        values of a series, and `qc.native.runner` calls it.
    explain : callable or None
        Message for a position.
    messages : mapping of str to tuple of str
        By kind: the figures that its catalogue entries may name.
    flags : frozenset of Flag
        Flags that are kept as records.
    as_written : bool
        Evaluates each value by itself or its digits; otherwise a direction is put on a line first (`qc.angle`).
    """

    messages: Mapping[str, tuple[str, ...]]
    name: str = ""
    flags: frozenset[Flag] = frozenset({Flag.SUSPECT})
    limit: type[L] | None = None
    run: Callable[[NativeSeries, L], Flags] | None = None
    explain: Callable[[NativeSeries, L, int], Explanation] | None = None
    as_written: bool = False

    def __post_init__(self) -> None:
        """Take the name from the limit."""
        if self.limit is not None:
            object.__setattr__(self, "name", test_of(self.limit))


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
