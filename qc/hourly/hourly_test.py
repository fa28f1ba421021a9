"""What an hourly test of every network is, and the form of its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit
from qc.limits.quality_test import QualityTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags
    from schemas.reason import Explanation


@dataclass(frozen=True, slots=True)
class HourlyResult:
    """Flags of one test of one parameter.

    Attributes
    ----------
    code, test : str
        Parameter and test.
    flags : array of int8
        One an hour.
    explain : callable
        Message for a position.
    recorded : array of bool or None
        Hours of which a record is kept; None: those that are SUSPECT or FAIL.
    """

    code: str
    test: str
    flags: Flags
    explain: Callable[[int], Explanation]
    recorded: NDArray[np.bool_] | None = None

    def positions(self) -> NDArray[np.int64]:
        """Hours of which a record is kept."""
        default = (self.flags == Flag.SUSPECT) | (self.flags == Flag.FAIL)
        return np.flatnonzero(default if self.recorded is None else self.recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyTest(QualityTest[BaseLimit]):
    """One hourly test of every network; without a limit, it applies the rule of the hour.

    Attributes
    ----------
    evaluate : callable
        Result for a parameter; None without a limit or without its inputs.
    parameters : frozenset of str or None
        Parameters that it evaluates; None: all.
    """

    evaluate: Callable[[HourlyContext, str], HourlyResult | None]
    parameters: frozenset[str] | None = None
