"""The one number of a rule that a rehearsal varies. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerts.rules.forecast import ForecastRule
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.rate import RateRule
from alerts.rules.several import SeveralRule
from alerts.rules.threshold.rule import ThresholdRule

if TYPE_CHECKING:
    from alerts.rules.table import Rule

_NUMBERS: dict[type, tuple[str, ...]] = {
    ThresholdRule: ("above", "below"),
    SeveralRule: ("above", "below"),
    RateRule: ("rise", "fall"),
    HourOfDayRule: ("z_above",),
    ForecastRule: ("above",),
}
"""Names of the number by class of rule: the first that is given counts."""
_CLEARS = ("clear", "clear_z")


class NotVariedError(ValueError):
    """A kind of rule without a single number."""


def number_of(rule: Rule) -> float:
    """The number as the file has it, in the rule's unit; raises `NotVariedError`."""
    return float(getattr(rule, _name_of(rule)))


def with_number(rule: Rule, value: float) -> Rule:
    """The rule with another number; what ends the alert keeps its distance from it. Raises `NotVariedError`."""
    name = _name_of(rule)
    moved = value - float(getattr(rule, name))
    changes = {name: value}
    for clear in _CLEARS:
        if getattr(rule, clear, None) is not None:
            changes[clear] = getattr(rule, clear) + moved
    return msgspec.structs.replace(rule, **changes)


def _name_of(rule: Rule) -> str:
    for name in _NUMBERS.get(type(rule), ()):
        if getattr(rule, name) is not None:
            return name
    msg = f"{rule.KIND}: no single number"
    raise NotVariedError(msg)
