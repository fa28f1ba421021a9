"""Steps of one case in one round: what its alerts, joined cases and verdict now lead to."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.case.alert import is_amended
from alerts.case.life import FROM, INTO, RANK, TOTAL, follow
from alerts.case.verdict import audience_of
from schemas.alert_case import AlertCase, CaseAlert, CaseKind, CaseState, CaseStep, CaseVerdict, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

PAUSE = {CaseKind.POLLUTION: timedelta(hours=3), CaseKind.RADIATION: timedelta(hours=1)}
"""After the last alert of a case the all-clear waits for so long: a new rise within it continues the case; project choice. Other kinds: none."""
REGIONAL_PAUSE = timedelta(hours=24)
"""The same of an episode of at least `REGIONAL_CITIES` cities, which rises and falls with the hour of day: one whole day; project choice."""
REGIONAL_CITIES = 3
WIDER = {CaseKind.FAULT: 0, CaseKind.LINE: 1, CaseKind.SYSTEM: 2}
"""Causes of silence: a wider one takes over a narrower."""
CHANGED = "changed"
"""Key of the figures of a step: whether a figure that was reported before changed."""
ENDED, NEW_STATIONS = "ended", "new_stations"
"""Of a step without new alerts how many ended, of one with new ones the stations that joined."""


class CaseNews(msgspec.Struct, frozen=True, kw_only=True):
    """What a round found for one case.

    Attributes
    ----------
    before : AlertCase or None
        None: a new case.
    joined : tuple of AlertCase
        Younger cases that become part of it.
    added, changed : tuple of CaseAlert
        New alerts, and known ones with other figures or with an end.
    kind : CaseKind
    verdict : CaseVerdict
    stations_total : int or None
    transition_id : int or None
        The first transition of the round that it accounts for.
    """

    before: AlertCase | None
    added: tuple[CaseAlert, ...] = ()
    changed: tuple[CaseAlert, ...] = ()
    joined: tuple[AlertCase, ...] = ()
    kind: CaseKind
    verdict: CaseVerdict = CaseVerdict()
    stations_total: int | None = None
    transition_id: int | None = None


def case_id_of(alert: CaseAlert) -> str:
    """Id of the case that an alert opens: the same from the same data."""
    digest = sha256(f"{alert.alert_key} {alert.since.isoformat()}".encode()).hexdigest()
    return f"{alert.since:%Y%m%d-%H%M}-{digest[:6]}"


def continued(news: CaseNews, now: datetime) -> AlertCase | None:
    """The case with the steps of a round; None where nothing happened.

    Parameters
    ----------
    news : CaseNews
    now : datetime
        UTC.
    """
    case = _opened(news, now) if news.before is None else _grown(news, news.before, now)
    case = _revised(news, case, now)
    case = _ended(case, now)
    return None if news.before is not None and case.version == news.before.version else case


def merged(case: AlertCase, into: str, now: datetime) -> AlertCase:
    """A younger case that is now part of an older one."""
    return _step(case, StepKind.MERGED, now, now, {INTO: into})


def _opened(news: CaseNews, now: datetime) -> AlertCase:
    first = min(news.added, key=lambda item: (item.since, item.alert_key, item.begin_id))
    figures = figures_of(news.added) | ({TOTAL: news.stations_total} if news.stations_total else {})
    is_over = all(not item.is_open for item in news.added) and now - _last_end(news.added) >= pause_of(
        news.kind, news.added
    )
    return follow(
        None,
        CaseStep(
            case_id=case_id_of(first),
            number=1,
            kind=StepKind.LATE_KNOWN if is_over else StepKind.OPENED,
            at=first.since,
            recorded_at=now,
            figures=figures,
            alert_key=first.alert_key,
            transition_id=news.transition_id,
            alerts=news.added,
            case_kind=news.kind,
            audience=audience_of(news.kind, news.added),
            verdict=news.verdict,
        ),
    )


def _grown(news: CaseNews, case: AlertCase, now: datetime) -> AlertCase:
    """The known case with the cases that joined it and its new alerts."""
    held = tuple(alert for other in news.joined for alert in other.alerts)
    if held:
        figures = figures_of(held) | {FROM: [item.id for item in news.joined]}
        case = _step(case, StepKind.MERGED, min(item.since for item in held), now, figures, alerts=held)
    arrived = (*held, *news.added)
    if not case.is_open and any(item.is_open for item in arrived) and _reopens(case, arrived):
        case = _step(case, StepKind.REOPENED, min(item.since for item in arrived), now, figures_of(arrived))
    if not news.added:
        return case
    is_worse = max(RANK[item.severity] for item in news.added) > RANK[case.severity]
    is_worse |= case.is_open and news.kind is CaseKind.WARNING  # a further level of the same city is a higher one
    kind = StepKind.RAISED if is_worse else StepKind.EXTENDED
    at = max(item.since for item in news.added)
    new = {
        NEW_STATIONS: sorted({item.station_id for item in news.added} - {*case.stations}),
        "new_cities": sorted({item.city for item in news.added if item.city} - {*case.cities}),
        "new_parameters": sorted({item.parameter for item in news.added if item.parameter} - {*case.parameters}),
    }
    return _step(case, kind, at, now, figures_of(news.added) | new, alerts=news.added, transition_id=news.transition_id)


def _reopens(case: AlertCase, arrived: Iterable[CaseAlert]) -> bool:
    """A case that a person closed opens again only for something worse."""
    if case.state is not CaseState.RESOLVED:
        return True
    return max(RANK[item.severity] for item in arrived) > RANK[case.severity]


def _revised(news: CaseNews, case: AlertCase, now: datetime) -> AlertCase:
    """The case with changed alerts, verdict and kind."""
    known = {(item.alert_key, item.begin_id): item for item in case.alerts}
    is_new = news.before is None
    is_amended_now = not is_new and any(is_amended(known[item.alert_key, item.begin_id], item) for item in news.changed)
    wider = WIDER.get(news.kind, -1) >= WIDER.get(case.kind, -1)
    kind = news.kind if news.kind is not case.kind and wider else None
    is_amended_now |= news.kind is CaseKind.WARNING and _is_lowered(case, news.changed)
    is_decided = news.verdict.probability is not None and news.verdict.is_fault != case.verdict.is_fault
    verdict = (
        news.verdict
        if is_decided or (not is_new and case.verdict.probability is None and news.verdict.probability is not None)
        else None
    )
    if not news.changed and kind is None and verdict is None:
        return case
    audience = audience_of(kind, case.alerts) if kind is not None else None
    is_reported_otherwise = is_amended_now or (audience is not None and audience is not case.audience)
    step = StepKind.AMENDED if is_reported_otherwise or verdict is not None else StepKind.EXTENDED
    figures = figures_of(news.changed) | {
        CHANGED: is_reported_otherwise,
        ENDED: sum(not item.is_open for item in news.changed),
    }
    if news.stations_total and kind is not None:
        figures |= {TOTAL: news.stations_total}
    at = max((item.latest_at or item.since for item in news.changed), default=now)
    return _step(case, step, at, now, figures, alerts=news.changed, case_kind=kind, audience=audience, verdict=verdict)


def _is_lowered(case: AlertCase, changed: Iterable[CaseAlert]) -> bool:
    """Whether a level of a warning ended and a lower one goes on."""
    ended = {(item.alert_key, item.begin_id) for item in changed if not item.is_open}
    return bool(ended) and any(item.is_open and (item.alert_key, item.begin_id) not in ended for item in case.alerts)


def _ended(case: AlertCase, now: datetime) -> AlertCase:
    """The case after its end, where its last alert is over for long enough."""
    if not case.is_open or any(item.is_open for item in case.alerts):
        return case
    if all(item.is_withdrawn for item in case.alerts):
        return _step(case, StepKind.WITHDRAWN, _last_end(case.alerts), now, figures_of(case.alerts))
    if now - _last_end(case.alerts) < pause_of(case.kind, case.alerts):
        return case
    return _step(case, StepKind.ENDED, _last_end(case.alerts), now, figures_of(case.alerts))


def pause_of(kind: CaseKind, alerts: Sequence[CaseAlert]) -> timedelta:
    """How long the all-clear waits for a new rise."""
    is_regional = len({item.city for item in alerts}) >= REGIONAL_CITIES
    pause = PAUSE.get(kind, timedelta(0))
    return REGIONAL_PAUSE if pause and is_regional else pause


def _last_end(alerts: Iterable[CaseAlert]) -> datetime:
    return max(item.until for item in alerts if item.until is not None)


def figures_of(alerts: Sequence[CaseAlert]) -> dict[str, Any]:
    """Counts of alerts of a step, and the worst of them; empty without alerts."""
    if not alerts:
        return {}
    worst = min(alerts, key=lambda item: (-RANK[item.severity], item.alert_key, item.begin_id))
    return {
        "alerts": len(alerts),
        "stations": len({item.station_id for item in alerts}),
        "station_id": worst.station_id,
        "parameter": worst.parameter,
        "value": worst.extreme,
        "threshold": worst.threshold,
        "unit": worst.unit,
    }


def _step(
    case: AlertCase,
    kind: StepKind,
    at: datetime,
    now: datetime,
    figures: dict[str, Any],
    **more: Any,  # noqa: ANN401 - fields of `CaseStep`
) -> AlertCase:
    return follow(
        case,
        CaseStep(case_id=case.id, number=case.version + 1, kind=kind, at=at, recorded_at=now, figures=figures, **more),
    )
