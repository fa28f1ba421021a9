"""The series, threshold, quality of the data and other parameters that a message states of a case's worst alert. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from alerts.engine import is_beyond
from alerts.mail.evidence.alert_evidence import RADIUS_KM, alert_view
from alerts.mail.line.tendency import LEAST_STEP
from alerts.mail.view.finding import DataQuality, MailRule
from alerts.mail.view.mail_value import Companion, LeadValue, MailValue, Name
from alerts.mail.view.plain import decimals_shown, lead_alert, mail_value
from schemas.flag import Flag
from schemas.interval import Interval, united

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from alerts.mail.evidence.series import Sources
    from alerts.mail.view.alert_view import AlertView
    from alerts.mail.view.case_mail import CaseMail
    from alerts.rules.table import Rule
    from schemas.alert_case import AlertCase, CaseAlert

HOUR = timedelta(hours=1)


def with_values(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """Series, threshold, forecast, quality, case file and rule of the worst alert."""
    alert = lead_alert(case)
    if alert is None:
        return view
    seen = _alert_view(sources, alert)
    view = replace(view, rule=None if seen is None or seen.rule is None else _mail_rule(seen.rule))
    if alert.parameter is None:
        return view
    lead = replace(_lead_value(alert, seen), beyond=beyond(case, alert, sources.now))
    invalid = sum(item.flag is Flag.FAIL for item in lead.points if item.start >= alert.since)
    return replace(
        view,
        lead=lead,
        companions=tuple(_companions(case, alert)),
        quality=_quality(case, lead, seen),
        case_file=None if seen is None else seen.case,
        fault=None if view.fault is None else replace(view.fault, invalid_hours=invalid),
    )


def _mail_rule(rule: Rule) -> MailRule:
    return MailRule(
        name=rule.name,
        title=Name(rule.title_zh, rule.title_en),
        advice=Name(rule.advice_zh, rule.advice_en),
        source=rule.source,
        is_verified=rule.verified,
    )


def _alert_view(sources: Sources, alert: CaseAlert) -> AlertView | None:
    """The alert as it is now: its end where it has ended, else its begin."""
    state = sources.state
    stored = state.alerts.get(alert.begin_id)
    status = state.alerts.get_states(keys=[alert.alert_key]).get(alert.alert_key)
    if stored is None:
        return None
    if status is not None and status.transition_id > stored.id and status.transition.since == stored.transition.since:
        return alert_view(sources, status.transition_id, status.transition, status)
    return alert_view(sources, stored.id, stored.transition, status)


def beyond(case: AlertCase, alert: CaseAlert, now: datetime) -> timedelta:
    """How long any station of a case was beyond the limit of an alert; a case begins earlier where a lower limit was passed first."""
    same = [item for item in case.alerts if (item.rule, item.parameter) == (alert.rule, alert.parameter)]
    spans = united(Interval(item.since, max(item.until or now, item.since)) for item in same)
    return sum((item.end - item.start for item in spans), timedelta(0))


def _lead_value(alert: CaseAlert, seen: AlertView | None) -> LeadValue:
    points = () if seen is None else seen.points
    cadence = HOUR if seen is None else seen.cadence
    known = [item for item in points if item.value is not None and item.flag not in {Flag.FAIL, Flag.MISSING}]
    risen = alert.since - (LEAST_STEP if cadence < LEAST_STEP else timedelta(0))
    before = [item for item in known if item.start < risen]
    limits = [item.limit for item in points if item.limit is not None]
    base = None if not limits or alert.threshold is None else limits[-1] - alert.threshold
    threshold = limits[-1] if limits else alert.threshold
    latest = None if seen is None or seen.latest is None else MailValue(value=seen.latest.value, at=seen.latest.at)
    newest = (
        None if not known else mail_value(known[-1].value, known[-1].start + cadence, is_at_least=known[-1].is_at_least)
    )
    candidates = [item for item in (newest, latest, mail_value(alert.latest, alert.latest_at)) if item is not None]
    now = max(candidates, key=lambda item: item.at or alert.since, default=None)
    extreme = mail_value(alert.extreme, alert.extreme_at, is_at_least=alert.is_at_least)
    if extreme is not None and now is not None and extreme.is_at_least and now.value == extreme.value:
        now = replace(now, is_at_least=True)
    if extreme is not None and now is not None and alert.is_open:  # the case has the extreme as of its newest step
        extreme = (max if alert.above else min)(extreme, now, key=lambda item: item.value)
    code = alert.parameter or ""
    return LeadValue(
        parameter=code,
        unit=alert.unit or "",
        decimals=decimals_shown(code),
        threshold=threshold,
        is_below=not alert.above,
        baseline=base or None,
        before=MailValue(value=before[-1].value or 0.0, at=before[-1].start + cadence) if before else None,
        extreme=extreme,
        latest=now,
        points=points,
        cadence=cadence,
        forecast=() if seen is None else seen.forecast,
    )


def _companions(case: AlertCase, alert: CaseAlert) -> Iterator[Companion]:
    """Other parameters of the case at the worst station."""
    shown = {alert.parameter}
    for item in case.alerts:
        if item.station_id == alert.station_id and item.parameter not in shown and item.extreme is not None:
            shown.add(item.parameter)
            code = item.parameter or ""
            value = mail_value(item.latest, item.latest_at) or MailValue(value=item.extreme, at=item.extreme_at)
            yield Companion(
                parameter=code, unit=item.unit or "", decimals=decimals_shown(code), value=value, usual=None
            )


def _quality(case: AlertCase, lead: LeadValue, seen: AlertView | None) -> DataQuality:
    own = [item for item in lead.points if item.start >= case.since and item.value is not None]
    span = lead.points[-1].start - lead.points[0].start if lead.points else timedelta()
    near = {} if seen is None else seen.neighbours
    return DataQuality(
        total=len(own),
        passed=sum(item.flag is Flag.PASS for item in own),
        suspect=sum(item.flag in {Flag.SUSPECT, Flag.FAIL} for item in own),
        observed=sum(item.value is not None for item in lead.points),
        expected=round(span / lead.cadence) + 1 if lead.points else 0,
        near_beyond=count_risen(case, lead, near),
        near_total=len(near),
        radius_km=RADIUS_KM,
    )


def count_risen(case: AlertCase, lead: LeadValue, near: Mapping[str, float]) -> int:
    """Of some stations, given by id with a value, those that are beyond the limit or have an alert of the parameter in the case."""
    limit = lead.threshold
    in_case = {item.station_id for item in case.alerts if item.parameter == lead.parameter}
    return sum(
        name in in_case or (limit is not None and is_beyond(value, limit, above=not lead.is_below))
        for name, value in near.items()
    )
