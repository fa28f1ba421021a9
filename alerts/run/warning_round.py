"""Warning rules over stored hours and the stored forecast: transitions by city, and the newest draft of each as a document."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.rules.warning import WarnedLevel, covered_cities, follow_warning
from alerts.run.mail.kind import CITY_WARNING
from alerts.run.warning import city_warnings
from alerts.warning.draft import DraftBasis, ReleasedWarning, draft_notice_end, draft_release
from alerts.warning.hold import EvaluatedLevel, HeldLevel, hold_level
from alerts.warning.scheme import WarningLevel, warning_rules
from analysis.run.hour_source import NoHoursError
from schemas.alert import AlertState
from schemas.city import city_name
from schemas.moment import stored_moment
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.table import AlertRules
    from alerts.rules.warning import WarningRule
    from alerts.run.warning import CityWarning
    from store.settings import SharedSettings
    from store.state import StateStore

CITY_HELD = "city_warning_held"
"""Kind of the documents that keep what is due in a city by the hysteresis."""
NOTICE_AHEAD_H = 24
"""Forecast hours of O3 that the end of a notice needs: one course of the day [h]; project choice."""


def evaluate_warnings(
    settings: SharedSettings, inputs: EvaluationInput, state: StateStore, rules: AlertRules, *, found: EvaluationResult
) -> None:
    """Add what is due at ``inputs.now`` to ``found``; nothing where no city has stored hours.

    A level that is not due any more ends an alert only while the forecast reaches as far as the release asks for, and after the hysteresis
    (`alerts.warning.hold`).

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


class HeldWarning(msgspec.Struct, frozen=True, kw_only=True):
    """What is due in a city after its last evaluation: the level, and yellow for the notice on O3."""

    level: HeldLevel = HeldLevel()
    ozone: HeldLevel = HeldLevel()


def _follow_city(
    inputs: EvaluationInput,
    state: StateStore,
    city: CityWarning,
    rules: list[WarningRule],
    *,
    found: EvaluationResult,
) -> None:
    if not rules:
        return
    before = _held_before(inputs, state, city.city, rules)
    after = held_after(city, before)
    known = state.documents.get(CITY_WARNING, city.city)
    released = _release(inputs, city, before, None if known is None else known.body)
    _note(state, city, after, is_known=known is not None)
    if after != before:
        state.documents.put(CITY_HELD, city.city, msgspec.to_builtins(after))
    for rule in rules:
        peak, evidence = _evaluated(rule.level, city, after)
        if peak is None and (is_due(rule.level, after) or not _can_end(rule.level, city)):
            continue
        if rule.level is not WarnedLevel.OZONE:
            evidence |= {"act": _act(after.level.level, before.level.level, is_due=peak is not None)}
            evidence |= released if peak is None and after.level.level is WarningLevel.NONE else {}
        elif peak is None:
            evidence |= _notice_end(inputs, city)
        follow_warning(inputs, rule, city.city, (city.at, peak), evidence, found=found)


def held_after(city: CityWarning, before: HeldWarning) -> HeldWarning:
    """What is due after an evaluation, by the hysteresis."""
    figures, kept = warning_rules(), city.kept or city
    level = EvaluatedLevel(_due(city, before.level.level), kept.level, _can_end(WarnedLevel.YELLOW, city))
    ozone = EvaluatedLevel(_level_of_notice(city), _level_of_notice(kept), _can_end(WarnedLevel.OZONE, city))
    return HeldWarning(
        level=hold_level(before.level, city.at, level, figures.hysteresis),
        ozone=hold_level(before.ozone, city.at, ozone, figures.hysteresis),
    )


def _due(city: CityWarning, before: WarningLevel) -> WarningLevel:
    """The level that is due; one that was not known before and whose hours are over longer than the hysteresis holds is news to no one."""
    hold = timedelta(hours=warning_rules().hysteresis.hold_h)
    is_over = city.end is not None and city.end <= city.at - hold
    return before if is_over and city.level.rank > before.rank else city.level


def _note(state: StateStore, city: CityWarning, after: HeldWarning, *, is_known: bool) -> None:
    """Keep the newest draft; what is due by the hysteresis alone keeps the one before."""
    kept = city.kept or city
    shown = city if city.draft_zh or city.notices else kept
    is_kept = after.level.level is not WarningLevel.NONE and shown is kept
    if city.draft_zh or city.notices or (is_kept and kept.draft_zh):
        state.documents.put(CITY_WARNING, city.city, document_of(shown))
    elif is_known and after.level.level is WarningLevel.NONE:
        state.documents.put(CITY_WARNING, city.city, document_of(city))


def _held_before(inputs: EvaluationInput, state: StateStore, city: str, rules: list[WarningRule]) -> HeldWarning:
    """As stored; of a city without it, what its open alerts say."""
    stored = state.documents.get(CITY_HELD, city)
    if stored is not None:
        return msgspec.convert(stored.body, HeldWarning)
    opened = [rule.level for rule in rules if _is_open(inputs, rule, city)]
    levels = [WarningLevel(item.value) for item in opened if item is not WarnedLevel.OZONE]
    highest = max(levels, key=lambda item: item.rank, default=WarningLevel.NONE)
    ozone = WarningLevel.YELLOW if WarnedLevel.OZONE in opened else WarningLevel.NONE
    return HeldWarning(level=HeldLevel(level=highest), ozone=HeldLevel(level=ozone))


def _is_open(inputs: EvaluationInput, rule: WarningRule, city: str) -> bool:
    status = inputs.last.get(f"{rule.name}/{city}")
    return status is not None and status.state is AlertState.FIRING


def is_due(level: WarnedLevel, held: HeldWarning) -> bool:
    """Whether a level, or a stricter one, or the notice is due."""
    if level is WarnedLevel.OZONE:
        return held.ozone.level is not WarningLevel.NONE
    return held.level.level.rank >= WarningLevel(level.value).rank


def _can_end(level: WarnedLevel, city: CityWarning) -> bool:
    """Whether the forecast reaches far enough."""
    if level is WarnedLevel.OZONE:
        return city.ozone_h >= NOTICE_AHEAD_H
    return city.forecast_h >= warning_rules().release.below_h


def _evaluated(level: WarnedLevel, city: CityWarning, held: HeldWarning) -> tuple[float | None, dict[str, Any]]:
    """Largest index of what is due for a level, and the evidence; None where it is not due, or due by the hysteresis alone."""
    sources = (city, city.kept or city) if is_due(level, held) else ()
    if level is WarnedLevel.OZONE:
        for source in sources:
            for notice in source.notices:
                if notice.kind == level.value:
                    drafts = {"draft_zh": notice.draft_zh, "draft_en": notice.draft_en}
                    return notice.peak, {"peak_iaqi": notice.peak, "peak_at": notice.at.isoformat()} | drafts
        return None, {}
    for source in sources:
        if source.level.rank >= WarningLevel(level.value).rank:
            return source.peak_aqi, document_of(source)
    return None, document_of(city)


def _level_of_notice(city: CityWarning) -> WarningLevel:
    has_notice = any(item.kind == WarnedLevel.OZONE.value for item in city.notices)
    return WarningLevel.YELLOW if has_notice else WarningLevel.NONE


def _act(now: WarningLevel, before: WarningLevel, *, is_due: bool) -> str:
    if is_due:
        return "issue" if before is WarningLevel.NONE else "upgrade"
    return "release" if now is WarningLevel.NONE else "downgrade"


def _release(
    inputs: EvaluationInput, city: CityWarning, before: HeldWarning, document: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Drafts of a release, as evidence: of the span as it was stored last."""
    last = document or {}
    released = ReleasedWarning(
        level=before.level.level,
        first=stored_moment(last.get("first")),
        last=stored_moment(last.get("last")),
        peak_aqi=last.get("peak_aqi"),
        ahead_aqi=city.ahead_aqi,
        was_in_force=last.get("level_now") != WarningLevel.NONE,
    )
    drafts = {}
    for language in LANGUAGES:
        basis = DraftBasis(
            city=city_name(city.city, language), at=city.at, observed_h=city.observed_h, forecast_h=city.forecast_h
        )
        zone = inputs.network.timezone
        drafts[f"draft_{language}"] = draft_release(released, basis, warning_rules(), zone, language)
    return drafts


def _notice_end(inputs: EvaluationInput, city: CityWarning) -> dict[str, Any]:
    return {
        f"draft_{language}": draft_notice_end(city.ozone_peak, city.at, inputs.network.timezone, language)
        for language in LANGUAGES
    }


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
