"""The incremental form of a rule on values: what it takes, and how its values become samples of a state machine. Pure.

A kind of rule is a condition and a `Sampler`; machine, transitions and their storage are the same for all kinds
(`alerts.stream.core`). Limits travel with each sample, so a limit may depend on the time of day, on earlier values, on
another parameter or on other stations. A limit of infinity lets no value pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec resolves annotations at run time
from typing import TYPE_CHECKING, NamedTuple

from alerts.engine import Sample
from schemas.parameter import parameter

if TYPE_CHECKING:
    from alerts.engine import Condition
    from alerts.rules.history import Subject
    from alerts.rules.rule import CommonRule

NEVER = math.inf
"""Limit that no value exceeds; `-NEVER` is one that every value exceeds."""
OVER_RANGE = "T"
NORMAL = "N"
USABLE = frozenset({None, NORMAL, OVER_RANGE})
"""Letters (HJ 212) of readings that may raise an alert, where they lie within the physical range as well; None is N. One with T (over
range) is a lower bound: above the physical range it is one of at least the upper end of that, since a saturated instrument may read anything;
below the range it is nothing. Readings with C, M, F, D, B and S raise nothing. Hours leave values outside the range out, as stored hours do."""


class Value(NamedTuple):
    """One valid value in the parameter's canonical unit, native or of an hour.

    ``source`` is the instrument of a native value, empty for an hour. ``is_at_least``: the instrument was over its range.
    """

    station_id: str
    parameter: str
    start: datetime
    end: datetime
    value: float
    source: str = ""
    is_at_least: bool = False


class Feed(NamedTuple):
    """Values that a rule takes: of one parameter at one station, native or by hours."""

    station_id: str
    network: str
    parameter: str
    is_hourly: bool


class Sampler:
    """Turns the values of one alert key into samples; keeps what it needs of earlier ones."""

    def sample(self, value: Value) -> Sample | None:
        """The sample of a value, or None where nothing can be said; values of one source come in the order of time."""
        raise NotImplementedError

    def is_quiet(self, source: str, start: datetime, end: datetime, value: float) -> bool:
        """Take note of a value that is not beyond its limit, and say so; False, and nothing noted, where `sample` must decide.

        Asked while the alert is at rest: most values need no sample. The arguments are those of `Value`.
        """
        del source, start, end, value
        return False

    def evidence(self) -> dict[str, object]:
        """Why the last sample was evaluated as it was; plain JSON."""
        return {}

    def memory(self) -> object:
        """What must survive a restart, of types that msgpack knows; None: nothing."""
        return None

    def restore(self, memory: object) -> None:
        """Take up what `memory` gave; what does not fit any more is left."""


class FixedLimit(Sampler):
    """Samples of a limit that never changes.

    Parameters
    ----------
    limit, clear_limit : float
        In the canonical unit.
    """

    def __init__(self, limit: float, clear_limit: float) -> None:
        self.limit = limit
        self.clear_limit = clear_limit

    def sample(self, value: Value) -> Sample:
        """The value with the two limits."""
        return Sample(value.start, value.end, value.value, self.limit, self.clear_limit, value.is_at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWatch:
    """One alert key of a rule, to be watched.

    Attributes
    ----------
    feeds : tuple of Feed
    since, until : datetime or None
        Values that start before or not before it are left out (edition of a standard), UTC.
    """

    rule: CommonRule
    subject: Subject
    condition: Condition
    feeds: tuple[Feed, ...]
    sampler: Sampler
    since: datetime | None = None
    until: datetime | None = None


def physical_range(code: str) -> tuple[float, float]:
    """Bounds of a parameter in its canonical unit; infinite where the registry has none."""
    known = parameter(code)
    low = -math.inf if known.range_min is None else known.range_min
    return low, math.inf if known.range_max is None else known.range_max
