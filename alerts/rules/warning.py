"""Warning rules: an official warning level, or the O3 health notice, is due in a city. What is due: `alerts.warning`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from alerts.engine import Sample, advance
from alerts.rules.evaluation import INSTANT, is_outdated
from alerts.rules.history import Subject, machine_of, transition_of
from alerts.rules.rule import CommonRule, PositiveHours, covered_stations
from schemas.alert import RuleKind, Severity
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from schemas.network import Instrument, Network

OZONE = "o3"
_DAY_ITEMS = frozenset({"pm25", "pm10", "so2", "no2", "co"})


class WarnedLevel(StrEnum):
    """What a rule waits for: a level or a stricter one, or the health notice."""

    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    OZONE = "ozone"


class WarningRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="warning"):
    """A level is due in a city by its stored hours and the stored forecast; one alert a city, whose station id is the city's code.

    Attributes
    ----------
    level : WarnedLevel
        Of a level also any stricter one.
    stale_after_h : float
        An open alert that was not evaluated for so long ends [h].
    """

    level: WarnedLevel
    stale_after_h: PositiveHours = 24.0

    KIND: ClassVar[RuleKind] = RuleKind.WARNING

    @property
    def watched_parameter(self) -> str | None:
        """O3 of its notice; a level is of no single parameter."""
        return OZONE if self.level is WarnedLevel.OZONE else None

    def reads(self, instrument: Instrument) -> bool:
        """Gas instruments with a parameter that counts."""
        wanted = {OZONE} if self.level is WarnedLevel.OZONE else _DAY_ITEMS
        return instrument.network == NetworkCode.GAS and not wanted.isdisjoint(instrument.parameters)

    def subject(self) -> str:
        """The parameters that count."""
        return f"{OZONE if self.level is WarnedLevel.OZONE else ', '.join(sorted(_DAY_ITEMS))} in network gas"

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The level."""
        del station_id
        return {"level": self.level.value}

    def contradictions(self) -> list[tuple[str, str]]:
        """O3 has health notices only: no emergency response follows from it (``alerts/warning/warning_levels.toml``)."""
        if self.level is WarnedLevel.OZONE and self.severity is not Severity.INFO:
            return [("severity", f"{self.severity.value!r}, expected 'info': O3 has health notices only")]
        return []


def covered_cities(rule: WarningRule, network: Network) -> frozenset[str]:
    """Codes of the cities with a station that the rule covers."""
    return frozenset(station.city for station in covered_stations(rule, network) if station.city)


def follow_warning(
    inputs: EvaluationInput,
    rule: WarningRule,
    city: str,
    due: tuple[datetime, float | None],
    evidence: Mapping[str, object],
    *,
    found: EvaluationResult,
) -> None:
    """Add the transitions of a rule in a city to ``found``.

    Parameters
    ----------
    due : (datetime, float or None)
        The full hour of the evaluation, and the largest AQI (O3: IAQI) of what is due [1]; None where nothing is.
    evidence : mapping
        Plain JSON.
    """
    subject = Subject(rule=rule.name, station_id=city, parameter=rule.watched_parameter)
    if is_outdated(inputs, rule, subject):
        return
    at, peak = due
    machine = machine_of(inputs.last.get(subject.alert_key))
    found.machines[subject.alert_key], changes = advance(machine, [Sample(at, at, peak or 0.0, 0.0, 0.0)], INSTANT)
    for change in changes:
        made = transition_of(change, rule, subject, evidence)
        found.transitions.append(msgspec.structs.replace(made, value=change.value or None, threshold=None))
