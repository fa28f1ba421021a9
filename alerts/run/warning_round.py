"""Warning rules over stored hours and the stored forecast: transitions by city, and the newest draft of each as a document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from alerts.rules.warning import WarnedLevel, covered_cities, follow_warning
from alerts.run.mail.kind import CITY_WARNING
from alerts.run.warning import city_warnings
from alerts.warning.scheme import WarningLevel
from analysis.run.hour_source import NoHoursError
from schemas.alert import AlertState

if TYPE_CHECKING:
    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.table import AlertRules
    from alerts.rules.warning import WarningRule
    from alerts.run.warning import CityWarning
    from store.settings import SharedSettings
    from store.state import StateStore


def evaluate_warnings(
    settings: SharedSettings, inputs: EvaluationInput, state: StateStore, rules: AlertRules, *, found: EvaluationResult
) -> None:
    """Add what is due at ``inputs.now`` to ``found``; nothing where no city has stored hours.

    A level that is not due any more ends an alert only while there is a forecast: without one it is not known.

    Raises
    ------
    store.error.StoreError
    """
    wanted = {rule.name: (rule, covered_cities(rule, inputs.network)) for rule in rules.warnings()}
    if not wanted:
        return
    try:
        cities = city_warnings(settings, inputs.now)
    except NoHoursError:
        return
    for city in cities:
        own = [rule for rule, covered in wanted.values() if city.city in covered]
        found.attempt(f"warning, {city.city}", partial(_follow_city, inputs, state, city, own, found=found))


def _follow_city(
    inputs: EvaluationInput,
    state: StateStore,
    city: CityWarning,
    rules: list[WarningRule],
    *,
    found: EvaluationResult,
) -> None:
    before = _open_levels(inputs, city.city, rules)
    is_due = bool(city.draft_zh or city.notices)
    if rules and (is_due or state.documents.get(CITY_WARNING, city.city) is not None):
        state.documents.put(CITY_WARNING, city.city, document_of(city))
    for rule in rules:
        peak, evidence = _due(city, rule.level)
        if peak is None and not city.forecast_h:
            continue
        if rule.level is not WarnedLevel.OZONE:
            evidence |= {"act": _act(city, before, is_due=peak is not None)}
        follow_warning(inputs, rule, city.city, (city.at, peak), evidence, found=found)


def _due(city: CityWarning, level: WarnedLevel) -> tuple[float | None, dict[str, Any]]:
    """Largest index of what is due for a level, and the evidence."""
    if level is WarnedLevel.OZONE:
        notice = next((item for item in city.notices if item.kind == level.value), None)
        if notice is None:
            return None, {}
        drafts = {"draft_zh": notice.draft_zh, "draft_en": notice.draft_en}
        return notice.peak, {"peak_iaqi": notice.peak, "peak_at": notice.at.isoformat()} | drafts
    is_due = city.level.rank >= WarningLevel(level.value).rank
    return city.peak_aqi if is_due else None, document_of(city)


def _open_levels(inputs: EvaluationInput, city: str, rules: list[WarningRule]) -> bool:
    keys = {f"{rule.name}/{city}" for rule in rules if rule.level is not WarnedLevel.OZONE}
    return any(inputs.last[key].state is AlertState.FIRING for key in keys & inputs.last.keys())


def _act(city: CityWarning, before: bool, *, is_due: bool) -> str:  # noqa: FBT001 - whether a level was in force
    if is_due:
        return "upgrade" if before else "issue"
    return "release" if city.level is WarningLevel.NONE else "downgrade"


def document_of(city: CityWarning) -> dict[str, Any]:
    """What is due in a city, as evidence and document; moments in ISO 8601, UTC."""
    return {
        "at": city.at.isoformat(),
        "level": city.level.value,
        "level_now": city.level_now.value,
        "first": city.start.isoformat() if city.start else None,
        "last": city.end.isoformat() if city.end else None,
        "is_released": city.is_released,
        "peak_aqi": city.peak_aqi,
        "observed_h": city.observed_h,
        "forecast_h": city.forecast_h,
        "edition": city.scheme,
        "status": city.status.value if city.status else None,
        "draft_zh": city.draft_zh,
        "draft_en": city.draft_en,
    }
