"""Relations between parameters of one hour: a ratio or a difference that must be within a band where its weight is high enough.

A relation states which parameters it requires, how it is computed, and which parameters it flags. Outside of the band all of them are
SUSPECT, since one hour does not show which one is wrong. Without the inputs, or below the least weight, an hour is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.hourly_test import HourlyResult
from qc.limits.limit import BaseLimit, tag_of
from qc.native.rolling import on_grid, slots
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qc.hourly.context import HourlyContext
    from qc.native.argument import Flags, Times, Values
    from schemas.reason import Explanation


class Band(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Band of a relation between parameters, and the least weight of an evaluated hour.

    Attributes
    ----------
    low, high : float or None
        Bounds of the relation's value, in its own unit; None: open.
    floor : float
        Least weight, in its own unit.
    """

    low: float | None = None
    high: float | None = None
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """A relation's value and weight in each hour; NaN where not computed."""

    value: Values
    weight: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One relation.

    Attributes
    ----------
    kind : type of Band
        Its limit; the tag is the name of the test.
    requires : tuple of str
        Parameters without which it cannot be computed.
    optional : tuple of str
        Parameters that it uses where they are measured.
    flags : tuple of str
        Parameters that are flagged, those of them that are in the network's own hours. The limit is that of the first.
    compute : callable
        From arrays by parameter (float, one an hour, NaN where missing) to `Figures`.
    over_hours : bool
        Whether it compares an hour with others; then it is computed over consecutive hours.
    """

    kind: type[Band]
    requires: tuple[str, ...]
    flags: tuple[str, ...]
    compute: Callable[[Mapping[str, Values]], Figures]
    optional: tuple[str, ...] = ()
    over_hours: bool = False

    def figures(self, values: Mapping[str, Values], times: Times) -> Figures:
        """The relation in each hour; over several hours, an absent hour is one without a value."""
        if not self.over_hours:
            return self.compute(values)
        place = slots((times - times[:1]) / np.timedelta64(1, "s"), HOUR_S)
        found = self.compute({code: on_grid(column, place) for code, column in values.items()})
        return Figures(found.value[place], found.weight[place])

    @property
    def test(self) -> str:
        """Name of the test."""
        return tag_of(self.kind)


def band_test(figures: Figures, *, low: float | None, high: float | None, floor: float) -> Flags:
    """SUSPECT outside ``[low, high]`` where the weight is at least ``floor``; else PASS; UNKNOWN where not computed or too light.

    Parameters
    ----------
    figures : Figures
    low, high : float or None
        Bounds of the value, which themselves pass; None: open.
    floor : float
        Least weight, in its own unit.
    """
    flags = np.full(figures.value.shape, Flag.PASS, dtype=np.int8)
    with np.errstate(invalid="ignore"):
        outside = np.zeros(flags.shape, dtype=bool)
        if low is not None:
            outside |= figures.value < low
        if high is not None:
            outside |= figures.value > high
        heavy = figures.weight >= floor
    flags[outside] = Flag.SUSPECT
    flags[~(heavy & np.isfinite(figures.value))] = Flag.UNKNOWN
    return flags


def ratio(numerator: Values, denominator: Values, weight: Values | None = None) -> Figures:
    """Quotient, weighted by the denominator unless given otherwise; NaN where the denominator is not above zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(denominator > 0, numerator / denominator, np.nan)
    return Figures(value, denominator if weight is None else weight)


def total(values: Mapping[str, Values], factors: Mapping[str, float]) -> Values:
    """Sum of the measured parameters, each times its factor; NaN in hours in which one of them is missing."""
    parts = [values[code] * factor for code, factor in factors.items() if code in values]
    return np.sum(parts, axis=0) if parts else np.full(next(iter(values.values())).shape, np.nan)


def evaluate_relations(context: HourlyContext, relations: tuple[Relation, ...]) -> Iterator[HourlyResult]:
    """Results of the relations that can be computed at a station; those without a limit are counted."""
    for relation in relations:
        values = {
            code: given
            for code in (*relation.requires, *relation.optional)
            if (given := context.given(code)) is not None
        }
        flagged = [code for code in relation.flags if code in context.hourly.frame]
        if not flagged or any(code not in values for code in relation.requires):
            continue
        figures = relation.figures(values, context.times)
        flags = context.by_month(relation.kind, relation.flags[0], _runner(figures))
        if flags is None:
            context.unevaluated[relation.test] += len(flagged)
            continue
        for code in flagged:
            own = np.where(np.isfinite(context.valid(code)), flags, Flag.MISSING).astype(np.int8)
            yield HourlyResult(code, relation.test, own, _explainer(context, relation, figures))


def _runner(figures: Figures) -> Callable[[Band], Flags]:
    return lambda limit: band_test(figures, low=limit.low, high=limit.high, floor=limit.floor)


def _explainer(context: HourlyContext, relation: Relation, figures: Figures) -> Callable[[int], Explanation]:
    def explain(at: int) -> Explanation:
        limit = context.limit(relation.kind, relation.flags[0], int(context.months[at]))
        bounds = {} if limit is None else {"low": limit.low, "high": limit.high}
        stated = {name: bound for name, bound in bounds.items() if bound is not None}
        kind = "band" if len(stated) == 2 else "below" if "low" in stated else "above"  # noqa: PLR2004 - both bounds
        return kind, {"value": float(figures.value[at]), **stated}

    return explain
