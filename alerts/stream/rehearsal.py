"""Rehearse a rule over stored data: alerts, cases, mails, and what of it is true; stores and mails nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.people.file import people_of
from alerts.rehearsal.case import CaseReplay, GroupMails, RehearsedCases, mail_groups, news_of_alerts
from alerts.rehearsal.day import RehearsedDay, days_of
from alerts.rehearsal.score import AlertSpan, RehearsalScore, score_rule
from alerts.rehearsal.truth import EventTruth, TrueSpan, TruthKind
from alerts.rehearsal.vary import NotVariedError, number_of, with_number
from alerts.rules.forecast import ForecastRule
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.operation import OperationRule
from alerts.rules.rule import covered_stations
from alerts.rules.rules import load_rules
from alerts.rules.silence import SilenceRule
from alerts.rules.table import AlertRules
from alerts.rules.value_rule import ValueRule
from alerts.rules.warning import WarningRule
from alerts.run.case_assignment import evidence_of
from alerts.run.rehearsal import PeriodEvidence, TruthSource, day_truth, label_truth, limit_truth
from alerts.stream.replay import ReplayPeriod, RuleReplay, replay
from analysis.statistics.limit import AnalysisError
from schemas.alert import RuleKind
from schemas.moment import stored_moment
from schemas.reason import Reason
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from alerts.case.alert import NewTransition
    from alerts.rules.table import Rule
    from alerts.settings import AlertSettings

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""Thresholds of a curve, by that of the rule [1]."""
RULE_PREFIX = "rule:"
AUTO = "auto"
NONE = "none"
TRUTHS = (AUTO, "limit", "day", "labels", NONE, f"{RULE_PREFIX}NAME")


class RehearsalProblem(StrEnum):
    """Why a rule cannot be rehearsed."""

    NO_RULE = "no_rule"
    OPERATION = "operation"
    FUTURE = "future"
    NO_STATION = "no_station"
    NO_HOUR = "no_hour"
    NO_READING = "no_reading"
    NO_FORECAST = "no_forecast"
    NO_TRUTH = "no_truth"
    NOT_VARIED = "not_varied"
    BAD_NUMBER = "bad_number"
    RAISED = "raised"


class RehearsalError(ValueError):
    """The rule cannot be rehearsed.

    Attributes
    ----------
    reason : Reason
        Names the rule and why.
    """

    def __init__(self, problem: RehearsalProblem, **figures: str | float) -> None:
        self.reason = Reason("refused", problem.value, figures, scope="rehearsal")
        super().__init__(" ".join([problem, *(f"{name}={value}" for name, value in figures.items())]))


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPlan:
    """What is asked for.

    Attributes
    ----------
    name : str
        Of a rule of the file, also of a disabled one.
    rules : Path or None
        Another file than the one in force.
    against : str
        Rule in force that it is compared with; empty: the one of the same name, where it is another.
    truth : str
        One of `TRUTHS`; ``auto`` is the official hourly limit where there is one for the parameter.
    thresholds : sequence of float or None
        Of the curve, in the unit of the rule; None: `FACTORS` times that of the rule, empty: no curve.
    with_verdicts : bool
        Also evaluate whether each alert is a fault, which takes about a second each.
    is_together : bool
        Also count the mails of all rules in force, now and with this rule.
    """

    name: str
    start: datetime
    end: datetime
    now: datetime
    rules: Path | None = None
    against: str = ""
    truth: str = AUTO
    thresholds: Sequence[float] | None = ()
    with_verdicts: bool = False
    is_together: bool = False


class RulesMails(msgspec.Struct, frozen=True, kw_only=True):
    """Cases and mails of several rules together."""

    rules: int
    cases: int
    mails: tuple[GroupMails, ...]


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done.

    Attributes
    ----------
    rule, kind : str
    parameter, unit : str or None
        None where the rule watches no single one; the number of a rule on the hour of the day is a multiple of the spread [1].
    start, end : datetime
        UTC, half-open; ``end`` is at most the moment of the rehearsal.
    stations : int
        That the rule covers.
    hours, readings, links, issued : int
        Valid hours, readings with a value, networks of stations with readings, and issued forecasts of a station or city that were looked at: the
        denominators of everything else.
    truth : TruthKind or None
        None: nothing is scored.
    truth_figures : dict
        Limit, unit, source, or name of the other rule.
    present : RehearsalScore
        As the rule is in the file.
    in_force : RehearsalScore or None
        Of ``in_force_rule``; None where no rule is compared.
    curve : tuple of RehearsalScore
        With other thresholds, ascending.
    together_now, together_then : RulesMails or None
        All rules in force, and these with this rule instead of the one of its name.
    days, in_force_days : tuple of RehearsedDay
    with_verdicts : bool
        Whether fault and event were distinguished; otherwise no case but of persistence goes to operators.
    """

    rule: str
    kind: RuleKind
    parameter: str | None
    unit: str | None
    start: datetime
    end: datetime
    stations: int
    hours: int
    readings: int
    links: int
    issued: int
    truth: TruthKind | None
    truth_figures: dict[str, str | float]
    present: RehearsalScore
    in_force: RehearsalScore | None = None
    in_force_rule: str = ""
    curve: tuple[RehearsalScore, ...] = ()
    together_now: RulesMails | None = None
    together_then: RulesMails | None = None
    days: tuple[RehearsedDay, ...] = ()
    in_force_days: tuple[RehearsedDay, ...] = ()
    with_verdicts: bool = False


class _Played(NamedTuple):
    spans: list[AlertSpan]
    cases: RehearsedCases
    replayed: RuleReplay


def rehearse(
    settings: AlertSettings, plan: RehearsalPlan, *, progress: Callable[[str, int, int], None] = lambda *_: None
) -> Rehearsal:
    """Rehearse a rule over a period.

    Parameters
    ----------
    progress : callable
        Gets the name of the step, what is done, and of how many.

    Raises
    ------
    RehearsalError
        No such rule, nothing stored that it looks at, or a kind that cannot be rehearsed.
    alerts.rules.rules.RulesFileError, alerts.people.file.PeopleFileError, store.error.StoreError
    """
    in_force = load_rules(settings.rules)
    rule = _rule_of(in_force if plan.rules is None else load_rules(plan.rules), plan.name)
    _refuse_kind(rule, settings, plan)
    with closing(InfluxStore(settings)) as influx, StateStore(settings.state_url) as state:
        return _Rehearsing(settings, plan, influx, state, progress).run(rule, in_force)


def _rule_of(rules: AlertRules, name: str) -> Rule:
    everything = (*rules.items, *rules.disabled)
    found = next((item for item in everything if item.name == name), None)
    if found is None:
        raise RehearsalError(RehearsalProblem.NO_RULE, rule=name, expected=", ".join(item.name for item in everything))
    return found


def _refuse_kind(rule: Rule, settings: AlertSettings, plan: RehearsalPlan) -> None:
    if isinstance(rule, OperationRule):
        raise RehearsalError(RehearsalProblem.OPERATION, rule=rule.name)
    if plan.start >= plan.now:
        raise RehearsalError(RehearsalProblem.FUTURE, rule=rule.name, start=plan.start.isoformat())
    if not covered_stations(rule, settings.stations):
        raise RehearsalError(RehearsalProblem.NO_STATION, rule=rule.name, subject=rule.subject())


class _Rehearsing:
    """One rehearsal with its stores."""

    def __init__(
        self,
        settings: AlertSettings,
        plan: RehearsalPlan,
        influx: InfluxStore,
        state: StateStore,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._settings, self._plan, self._influx, self._progress = settings, plan, influx, progress
        self._network = settings.stations
        self._period = ReplayPeriod(plan.start, plan.end, plan.now)
        stored = evidence_of(settings, influx) if plan.with_verdicts else None
        span = (plan.start, self._period.last)
        self._evidence = partial(PeriodEvidence, influx, self._network, span, stored)
        self._groups = mail_groups(people_of(settings))
        self._source = TruthSource(influx, state, self._network, plan.start, self._period.last)

    def run(self, rule: Rule, in_force: AlertRules) -> Rehearsal:
        varied = self._varied(rule)
        played = self._play([rule], rule.name)
        self._refuse_empty(rule, played.replayed)
        truth = self._truth(rule, in_force)
        other = self._compared(rule, in_force)
        own = None if other is None else self._play([other], f"{other.name}, in force")
        both = self._together(rule, in_force) if self._plan.is_together else (None, None)
        return Rehearsal(
            rule=rule.name,
            kind=rule.KIND,
            parameter=rule.watched_parameter,
            unit=None if isinstance(rule, HourOfDayRule) else getattr(rule, "unit", None),
            start=self._plan.start,
            end=self._period.last,
            stations=len(covered_stations(rule, self._network)),
            hours=played.replayed.hours,
            readings=played.replayed.readings,
            links=played.replayed.links,
            issued=played.replayed.issued,
            truth=truth.kind if truth else None,
            truth_figures=truth.figures if truth else {},
            present=_scored(rule, played, truth),
            in_force=None if own is None or other is None else _scored(other, own, truth),
            in_force_rule=other.name if other else "",
            curve=self._curve(varied, truth),
            together_now=both[0],
            together_then=both[1],
            days=self._days(played, truth),
            in_force_days=() if own is None else self._days(own, truth),
            with_verdicts=self._plan.with_verdicts,
        )

    def _play(self, rules: Sequence[Rule], step: str) -> _Played:
        found = replay(
            self._settings, self._influx, AlertRules(items=tuple(rules)), self._period, partial(self._progress, step)
        )
        if found.errors:
            raise RehearsalError(RehearsalProblem.RAISED, rule=step, error=found.errors[0])
        news = news_of_alerts(found.transitions)
        spans = spans_of(news, self._period.last)
        shown = CaseReplay(
            network=self._network,
            evidence=self._evidence(),
            groups=self._groups,
            progress=partial(self._progress, f"{step}, cases"),
        )
        return _Played(spans, shown.run(news, self._plan.start, self._period.last), found)

    def _refuse_empty(self, rule: Rule, found: RuleReplay) -> None:
        if found.hours or found.readings or found.links or found.issued:
            return
        if isinstance(rule, ForecastRule | WarningRule):
            raise RehearsalError(RehearsalProblem.NO_FORECAST, rule=rule.name)
        is_native = isinstance(rule, SilenceRule) or (isinstance(rule, ValueRule) and _is_native(rule))
        raise RehearsalError(
            RehearsalProblem.NO_READING if is_native else RehearsalProblem.NO_HOUR,
            rule=rule.name,
            subject=rule.subject(),
        )

    def _compared(self, rule: Rule, in_force: AlertRules) -> Rule | None:
        if self._plan.against:
            return _rule_of(in_force, self._plan.against)
        found = in_force.named(rule.name)
        return None if found is None or found == rule else found

    def _together(self, rule: Rule, in_force: AlertRules) -> tuple[RulesMails, RulesMails]:
        then = [item for item in in_force.items if item.name not in {rule.name, self._plan.against}]
        return self._mails_of(in_force.items, "now"), self._mails_of((*then, rule), "then")

    def _mails_of(self, rules: Iterable[Rule], step: str) -> RulesMails:
        chosen = [item for item in rules if isinstance(item, ValueRule | SilenceRule)]
        played = self._play(chosen, step)
        return RulesMails(rules=len(chosen), cases=len(played.cases.cases), mails=played.cases.mails)

    def _truth(self, rule: Rule, in_force: AlertRules) -> EventTruth | None:
        wanted = self._plan.truth
        if wanted == NONE:
            return None
        if wanted == TruthKind.LABELS:
            return label_truth(self._source, rule)
        if wanted.startswith(RULE_PREFIX):
            other = _rule_of(in_force, wanted.removeprefix(RULE_PREFIX))
            spans = self._play([other], other.name).spans
            true = tuple(TrueSpan(item.station_id, item.since, item.until) for item in spans)
            return EventTruth(TruthKind.RULE, true, None, {"other": other.name})
        found = self._official(rule) if isinstance(rule, ValueRule | ForecastRule) and _looks_upwards(rule) else None
        if found is None and wanted != AUTO:
            raise RehearsalError(RehearsalProblem.NO_TRUTH, rule=rule.name, truth=wanted)
        return found

    def _official(self, rule: ValueRule | ForecastRule) -> EventTruth | None:
        """Hours or days above an official limit; None where the parameter has none."""
        if self._plan.truth != TruthKind.DAY:
            return limit_truth(self._source, rule)
        try:
            return day_truth(self._source, rule)
        except AnalysisError:
            return None

    def _varied(self, rule: Rule) -> list[Rule]:
        """The rule with the other thresholds that are asked for, ascending."""
        thresholds = self._plan.thresholds
        if thresholds is not None and not thresholds:
            return []
        try:
            present = number_of(rule)
        except NotVariedError:
            raise RehearsalError(RehearsalProblem.NOT_VARIED, rule=rule.name, kind=rule.KIND.value) from None
        values = [present * factor for factor in FACTORS] if thresholds is None else thresholds
        varied = [with_number(rule, value) for value in sorted(values)]
        for item in varied:
            if problems := item.contradictions():
                key, why = problems[0]
                raise RehearsalError(
                    RehearsalProblem.BAD_NUMBER, rule=rule.name, value=number_of(item), key=key, why=why
                )
        return varied

    def _curve(self, varied: Iterable[Rule], truth: EventTruth | None) -> tuple[RehearsalScore, ...]:
        return tuple(_scored(item, self._play([item], f"{item.name}, {number_of(item):g}"), truth) for item in varied)

    def _days(self, played: _Played, truth: EventTruth | None) -> tuple[RehearsedDay, ...]:
        return days_of(played.spans, played.cases, truth, (self._plan.start, self._period.last), self._network.timezone)


def spans_of(news: Iterable[NewTransition], end: datetime) -> list[AlertSpan]:
    """Alerts from their begins and ends; those that are open reach to ``end``."""
    found: list[AlertSpan] = []
    opened: dict[str, NewTransition] = {}
    for item in news:
        key = item.transition.alert_key
        if item.is_begin:
            opened[key] = item
        elif (begun := opened.pop(key, None)) is not None:
            until = stored_moment(item.transition.evidence.get("until")) or item.transition.at
            found.append(_span(begun, max(until, begun.transition.since)))
    return found + [_span(item, end) for item in opened.values()]


def _span(begun: NewTransition, until: datetime) -> AlertSpan:
    change = begun.transition
    return AlertSpan(change.station_id, change.at, change.since, max(until, change.at), begun.id)


def _scored(rule: Rule, played: _Played, truth: EventTruth | None) -> RehearsalScore:
    try:
        number = number_of(rule)
    except NotVariedError:
        number = None
    return score_rule(played.spans, played.cases, truth, threshold=number)


def _is_native(rule: ValueRule) -> bool:
    averaging = getattr(rule, "averaging", None)
    return rule.KIND in {RuleKind.RATE, RuleKind.PERSISTENCE} or (averaging is not None and averaging.value == "native")


def _looks_upwards(rule: ValueRule | ForecastRule) -> bool:
    """Whether values above something raise it: of the others an exceedance is no truth."""
    return (
        rule.KIND is not RuleKind.PERSISTENCE
        and getattr(rule, "below", None) is None
        and getattr(rule, "fall", None) is None
    )
