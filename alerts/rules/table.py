"""All rules of a file, and the one table of the kinds that are evaluated."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from alerts.rules.copollutant import CopollutantRule
from alerts.rules.evaluation import EvaluationResult
from alerts.rules.forecast import ForecastRule, evaluate_forecast
from alerts.rules.gamma.rule import GammaRule
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.operation import OperationRule
from alerts.rules.persistence import PersistenceRule
from alerts.rules.rate import RateRule
from alerts.rules.several import SeveralRule
from alerts.rules.silence import SilenceRule, evaluate_silence
from alerts.rules.threshold.evaluation import evaluate_threshold
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.value_rule import ValueRule
from alerts.rules.warning import WarningRule

if TYPE_CHECKING:
    from alerts.rules.evaluation import EvaluationInput

StreamedRule = RateRule | PersistenceRule | SeveralRule | HourOfDayRule | CopollutantRule | GammaRule
"""Kinds that only the watch evaluates, reading by reading."""
Rule = ThresholdRule | StreamedRule | SilenceRule | ForecastRule | WarningRule | OperationRule


class AlertRules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules of a file, in file order.

    Attributes
    ----------
    items, disabled : tuple of Rule
        Those in use, and those with ``enabled = false``.
    group_over : int
        More stations than this of one rule in one round become one mail.
    """

    items: tuple[Rule, ...]
    disabled: tuple[Rule, ...] = ()
    group_over: int = 5

    def thresholds(self) -> tuple[ThresholdRule, ...]:
        """Rules of kind threshold."""
        return tuple(item for item in self.items if isinstance(item, ThresholdRule))

    def of_values(self) -> tuple[ValueRule, ...]:
        """Rules on measured values, of all kinds."""
        return tuple(item for item in self.items if isinstance(item, ValueRule))

    def silences(self) -> tuple[SilenceRule, ...]:
        """Rules of kind silence."""
        return tuple(item for item in self.items if isinstance(item, SilenceRule))

    def forecasts(self) -> tuple[ForecastRule, ...]:
        """Rules of kind forecast."""
        return tuple(item for item in self.items if isinstance(item, ForecastRule))

    def warnings(self) -> tuple[WarningRule, ...]:
        """Rules of kind warning."""
        return tuple(item for item in self.items if isinstance(item, WarningRule))

    def operation(self, key: str) -> OperationRule | None:
        """Operation rule with the longest prefix of ``key``, a disabled one too; None where no rule is for it."""
        rules = (*self.items, *self.disabled)
        found = [item for item in rules if isinstance(item, OperationRule) and key.startswith(item.prefix)]
        return max(found, key=lambda item: len(item.prefix), default=None)

    def named(self, name: str) -> Rule | None:
        """Rule of that name; None when the file has it no more."""
        return next((item for item in self.items if item.name == name), None)


def find_transitions(inputs: EvaluationInput, rules: AlertRules, *, live: bool = True) -> EvaluationResult:
    """All new transitions in ``[inputs.start, inputs.end)``, rule by rule.

    Parameters
    ----------
    live : bool
        Also silence and forecast, which are evaluated only at ``inputs.now``.
    """
    found = EvaluationResult()
    for rule in rules.thresholds():
        found.attempt(rule.name, partial(evaluate_threshold, inputs, rule, found))
    if not live:
        return found
    for forecast_rule in rules.forecasts():
        found.attempt(forecast_rule.name, partial(evaluate_forecast, inputs, forecast_rule, found))
    for silence_rule in rules.silences():
        found.attempt(silence_rule.name, partial(evaluate_silence, inputs, silence_rule, found))
    return found
