"""What all rules on measured values have: network, parameter, unit, and how long an alert lasts without values."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from alerts.engine import Condition
from alerts.rules.history import Subject
from alerts.rules.incremental import RuleWatch
from alerts.rules.limit_check import unit_problems
from alerts.rules.rule import CommonRule, Hours, PositiveHours, instruments_of
from schemas.message import NetworkCode
from schemas.parameter import parameter
from schemas.units import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import Feed, Sampler
    from schemas.network import Instrument, Network, Station


class RuleAveraging(StrEnum):
    """Which values a rule looks at."""

    NATIVE = "native"
    HOUR = "1h"


class ValueRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule on values of one parameter at each station.

    Attributes
    ----------
    network : NetworkCode
    parameter : str
    unit : str
        Of all values of the rule.
    clear_for_h : float
        An alert ends after values that are no exceedance for so long [h].
    max_gap_h : float
        A longer gap without values forgets a pending alert and a begun clearing [h].
    stale_after_h : float
        An open alert without a valid value for so long ends as not evaluated any more [h].
    """

    network: NetworkCode
    parameter: str
    unit: str
    clear_for_h: Hours = 1.0
    max_gap_h: PositiveHours = 6.0
    stale_after_h: PositiveHours = 72.0

    @property
    def watched_parameter(self) -> str:
        """The parameter."""
        return self.parameter

    @property
    def is_of_readings(self) -> bool:
        """Whether single readings are looked at, not means of an hour."""
        return False

    @property
    def is_of_low_values(self) -> bool:
        """Whether low values, or falls, are looked for."""
        return False

    def reads(self, instrument: Instrument) -> bool:
        """Instruments of the rule's network that measure its parameter."""
        return instrument.network == self.network and self.parameter in instrument.parameters

    def subject(self) -> str:
        """Parameter and network."""
        return f"{self.parameter} in network {self.network}"

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """What to watch for the rule with a network, one alert key each; none for what only stored hours can decide."""
        raise NotImplementedError

    def canonical(self, value: float, *, is_difference: bool = False) -> float:
        """A value of the rule in the parameter's canonical unit; of a difference a unit's offset cancels."""
        known = parameter(self.parameter)
        offset = convert(0.0, self.unit, known) if is_difference else 0.0
        return convert(value, self.unit, known) - offset

    def parameter_problems(self) -> list[tuple[str, str]]:
        """A parameter, unit or network that do not go together, as (key, expectation)."""
        if problems := unit_problems(self):
            return problems
        if self.network not in parameter(self.parameter).networks:
            return [("parameter", f"{self.parameter!r} is not a parameter of network {self.network}")]
        return []


def measured_at(rule: ValueRule, network: Network) -> Iterator[tuple[Station, tuple[Instrument, ...]]]:
    """Stations that the rule covers, with the instruments that it reads."""
    for station in network.station_list:
        if instruments := instruments_of(rule, station):
            yield station, instruments


def watch_of(
    rule: ValueRule,
    station_id: str,
    feeds: tuple[Feed, ...],
    sampler: Sampler,
    *,
    above: bool = True,
    for_h: float = 0.0,
) -> RuleWatch:
    """The watch of a rule at one station."""
    code = rule.parameter
    return RuleWatch(
        rule=rule,
        subject=Subject(rule=rule.name, station_id=station_id, part=code, parameter=code, unit=parameter(code).unit),
        condition=Condition(
            above=above, for_s=for_h * 3600.0, clear_for_s=rule.clear_for_h * 3600.0, max_gap_s=rule.max_gap_h * 3600.0
        ),
        feeds=feeds,
        sampler=sampler,
    )
