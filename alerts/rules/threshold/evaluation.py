"""Evaluation of threshold rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rules.evaluation import open_alerts
from alerts.rules.threshold.hourly import find_hourly
from alerts.rules.threshold.native import find_native
from alerts.rules.value_rule import RuleAveraging

if TYPE_CHECKING:
    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.threshold.rule import ThresholdRule


def evaluate_threshold(inputs: EvaluationInput, rule: ThresholdRule, found: EvaluationResult) -> None:
    """Add the transitions of a threshold rule in the window to ``found``."""
    if not _meets_window(inputs, rule):
        return
    if rule.averaging is RuleAveraging.NATIVE:
        find_native(inputs, rule, found)
    else:
        find_hourly(inputs, rule, found)


def _meets_window(inputs: EvaluationInput, rule: ThresholdRule) -> bool:
    """Whether the rule's days meet the window's, or it has alerts open."""
    zone = inputs.network.timezone
    first, last = inputs.start.astimezone(zone).date(), inputs.end.astimezone(zone).date()
    meets = (rule.since is None or rule.since <= last) and (rule.until is None or first <= rule.until)
    return meets or any(True for _ in open_alerts(inputs, rule))
