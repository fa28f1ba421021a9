"""What an hourly test of every network is, and the form of its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from qc.hourly.context import HourlyContext
    from qc.limits.limit import BaseLimit
    from schemas.reason import Figure


@dataclass(frozen=True, slots=True)
class HourlyResult:
    """Flags of one test of one parameter.

    Attributes
    ----------
    code : str
        Of the parameter.
    test : str
        Name of the test.
    flags : array of int8
        One an hour.
    explain : callable
        Kind of message and its figures for a position.
    recorded : array of bool or None
        Hours of which a record is kept; None: those that are SUSPECT or FAIL.
    """

    code: str
    test: str
    flags: NDArray[np.int8]
    explain: Callable[[int], tuple[str, Mapping[str, Figure]]]
    recorded: NDArray[np.bool_] | None = None

    def positions(self) -> NDArray[np.int64]:
        """Hours of which a record is kept."""
        default = (self.flags == Flag.SUSPECT) | (self.flags == Flag.FAIL)
        return np.flatnonzero(default if self.recorded is None else self.recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyTest:
    """One hourly test of every network.

    Attributes
    ----------
    name : str
        In records, limits, catalogues and pages; the tag of its limit.
    evaluate : callable
        Result for a parameter; None without a limit or without its inputs.
    messages : mapping of str to tuple of str
        By kind: the figures that its catalogue entries may name.
    flags : frozenset of Flag
        Flags that are kept as records.
    limit : type or None
        None: the test applies the rule of the hour.
    parameters : frozenset of str or None
        Parameters that it evaluates; None: all.
    """

    name: str
    evaluate: Callable[[HourlyContext, str], HourlyResult | None]
    messages: Mapping[str, tuple[str, ...]]
    flags: frozenset[Flag]
    limit: type[BaseLimit] | None = None
    parameters: frozenset[str] | None = None
