"""Which steps the cases take in one round: new transitions join, open, merge, change and end cases. Pure.

Alerts only ever join: of the cases of one group the oldest goes on and the younger become part of it, and an alert never leaves its
case. The same input gives the same steps and the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.case.alert import AlertFigures, NewTransition, begun, ended, is_amended, progressed
from alerts.case.group import REGION_CITIES, AlertRef, CaseAir, one_event, ref_of
from alerts.case.inhibit import is_part, is_silence, one_cause
from alerts.case.steps import WIDER, CaseNews, continued, merged
from alerts.case.verdict import doubted, kind_of, of_case
from schemas.alert import RuleKind
from schemas.alert_case import AlertCase, CaseKind, CaseState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from schemas.alert_case import CaseAlert, CaseVerdict
    from schemas.network import Network

LOOK_BACK = timedelta(hours=24)
"""Alerts that ended earlier join nothing any more."""
TOGETHER = timedelta(hours=2)
"""Alerts of one station that begin within it may be of one plume; project choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRound:
    """What one round works with.

    Attributes
    ----------
    cases : sequence of AlertCase
        Open, and ended within `LOOK_BACK`; their steps are not needed.
    fresh : sequence of NewTransition
        Transitions that no case has yet, in the order in which they were stored.
    progress : mapping of AlertRef to AlertFigures
        Of open alerts.
    verdicts : mapping of AlertRef to CaseVerdict
        Fault or event, of each alert that was evaluated.
    air : CaseAir
    now : datetime
        UTC.
    """

    cases: Sequence[AlertCase]
    fresh: Sequence[NewTransition]
    network: Network
    now: datetime
    progress: Mapping[AlertRef, AlertFigures] = field(default_factory=dict)
    verdicts: Mapping[AlertRef, CaseVerdict] = field(default_factory=dict)
    air: CaseAir = field(default_factory=CaseAir)


class DecidedCase(NamedTuple):
    """A case before and after the round; ``after.steps`` ends with the new steps."""

    before: AlertCase | None
    after: AlertCase


@dataclass(frozen=True, slots=True)
class _Group:
    """Alerts that belong together, with the kind of their case where it is known by now."""

    refs: frozenset[AlertRef]
    kind: CaseKind | None = None
    total: int | None = None


def decide(inputs: CaseRound) -> list[DecidedCase]:
    """Steps of all cases in a round.

    Parameters
    ----------
    inputs : CaseRound

    Returns
    -------
    list of DecidedCase
        Cases that changed, the older first; all of ``inputs.fresh`` is then accounted for. An end whose begin no case has is left out.
    """
    known = {ref_of(alert): alert for case in inputs.cases for alert in case.alerts}
    present, causes = _present(inputs, known)
    inputs = replace(inputs, verdicts=doubted(inputs.verdicts, present.values(), inputs.air))
    place = {ref_of(alert): case for case in inputs.cases for alert in case.alerts}
    decided: list[DecidedCase] = []
    for group, cases in _placed(_groups(inputs, present), place, inputs.cases):
        decided += _decide_one(inputs, group, cases, present=present, known=known, causes=causes)
    return sorted(decided, key=lambda item: (item.after.since, item.after.id))


def present_alerts(inputs: CaseRound) -> list[CaseAlert]:
    """Alerts of the cases and new ones, as they are now, that are open or ended within `LOOK_BACK`."""
    found, _ = _present(inputs, {ref_of(alert): alert for case in inputs.cases for alert in case.alerts})
    return _recent(found, inputs.now)


def _recent(present: Mapping[AlertRef, CaseAlert], now: datetime) -> list[CaseAlert]:
    return [alert for alert in present.values() if alert.until is None or now - alert.until <= LOOK_BACK]


def _present(
    inputs: CaseRound, known: Mapping[AlertRef, CaseAlert]
) -> tuple[dict[AlertRef, CaseAlert], dict[AlertRef, int]]:
    """All alerts as they are now, and by which transition each new or ended one is."""
    found = {
        ref: progressed(alert, inputs.progress[ref]) if alert.is_open and ref in inputs.progress else alert
        for ref, alert in known.items()
    }
    newest: dict[str, AlertRef] = {}
    for key, begin_id in found:
        newest[key] = max(newest.get(key, (key, begin_id)), (key, begin_id))
    causes: dict[AlertRef, int] = {}
    for item in inputs.fresh:
        key = item.transition.alert_key
        if item.is_begin:
            alert = begun(item, inputs.network)
            newest[key] = ref_of(alert)
            if newest[key] in known:
                continue
            found[newest[key]] = alert
        elif key in newest and found[newest[key]].is_open:
            found[newest[key]] = ended(found[newest[key]], item)
        else:
            continue
        causes.setdefault(newest[key], item.id)
    return found, causes


def _groups(inputs: CaseRound, present: Mapping[AlertRef, CaseAlert]) -> Iterator[_Group]:
    """Alerts of this round and of the hours before that belong together."""
    recent = _recent(present, inputs.now)
    silences = [item for item in recent if is_silence(item) or is_part(item)]
    stations = inputs.network.stations
    yield from (_Group(item.refs, item.kind, item.stations_total) for item in one_cause(silences, stations))
    values: list[CaseAlert] = []
    faults: dict[tuple[str, str], list[CaseAlert]] = {}
    other: dict[tuple[str, str], list[CaseAlert]] = {}
    for alert in recent:
        if is_silence(alert) or is_part(alert):
            continue
        if alert.kind is RuleKind.WARNING:  # the levels of a city are one case, its health notice another
            other.setdefault((f"{alert.kind}/{alert.station_id}", alert.parameter or ""), []).append(alert)
        elif alert.parameter is None or alert.kind is RuleKind.OPERATION:
            other.setdefault((alert.alert_key, ""), []).append(alert)
        elif alert.kind is RuleKind.FORECAST:
            other.setdefault((alert.kind.value, alert.parameter), []).append(alert)
        elif _is_fault(alert, inputs, recent):
            faults.setdefault((alert.station_id, alert.parameter), []).append(alert)
        else:
            values.append(alert)
    yield from (_Group(refs) for refs in one_event(values, stations, _unsettled(inputs), inputs.now))
    yield from (_Group(frozenset(map(ref_of, own))) for own in (*faults.values(), *other.values()))


def _is_fault(alert: CaseAlert, inputs: CaseRound, recent: Iterable[CaseAlert]) -> bool:
    """Whether an alert is one of a fault: not where another parameter of the station has a plume at the same time."""
    verdict = inputs.verdicts.get(ref_of(alert))
    if alert.kind is RuleKind.PERSISTENCE:
        return True
    return (
        verdict is not None
        and verdict.is_fault is True
        and not any(
            other.station_id == alert.station_id
            and other.parameter != alert.parameter
            and abs(other.since - alert.since) <= TOGETHER
            and (found := inputs.verdicts.get(ref_of(other))) is not None
            and found.is_fault is False
            and ref_of(other) in inputs.air.local
            for other in recent
        )
    )


def _unsettled(inputs: CaseRound) -> CaseAir:
    """What is known of the air; an alert that an episode of the region has by now stays part of it."""
    settled = {ref_of(alert) for case in inputs.cases if len(case.cities) >= REGION_CITIES for alert in case.alerts}
    return replace(inputs.air, local=frozenset(inputs.air.local) - settled)


def _placed(
    groups: Iterable[_Group], place: Mapping[AlertRef, AlertCase], cases: Sequence[AlertCase]
) -> Iterator[tuple[_Group, list[AlertCase]]]:
    """Groups with the cases that their alerts are in, those that share a case together; then the cases without a group."""
    found: list[tuple[_Group, dict[str, AlertCase]]] = []
    for group in groups:
        own = {case.id: case for ref in group.refs if (case := place.get(ref)) is not None}
        sharing = [item for item in found if item[1].keys() & own.keys()]
        for other, held in sharing:
            group = _joined(other, group)  # noqa: PLW2901 - the joined group is the group
            own |= held
        found = [item for item in found if item not in sharing]
        found.append((group, own))
    seen = {name for _, own in found for name in own}
    found += [(_Group(frozenset()), {case.id: case}) for case in cases if case.id not in seen]
    for group, own in found:
        alive = [case for case in own.values() if case.state is not CaseState.MERGED]
        yield group, sorted(alive, key=lambda case: (case.since, case.id))


def _joined(one: _Group, other: _Group) -> _Group:
    wider = max((one, other), key=lambda item: -1 if item.kind is None else WIDER.get(item.kind, -1))
    return _Group(one.refs | other.refs, wider.kind, wider.total)


def _decide_one(
    inputs: CaseRound,
    group: _Group,
    cases: Sequence[AlertCase],
    *,
    present: Mapping[AlertRef, CaseAlert],
    known: Mapping[AlertRef, CaseAlert],
    causes: Mapping[AlertRef, int],
) -> Iterator[DecidedCase]:
    """The case of one group, and the younger ones that become part of it."""
    held = {ref_of(alert) for case in cases for alert in case.alerts}
    refs = sorted(held | group.refs)
    alerts = [present[ref] for ref in refs]
    if not alerts:
        return
    verdict = of_case(alerts, inputs.verdicts)
    news = CaseNews(
        before=cases[0] if cases else None,
        joined=tuple(cases[1:]),
        added=tuple(present[ref] for ref in refs if ref not in known),
        changed=tuple(present[ref] for ref in refs if ref in known and _is_worth_a_step(known[ref], present[ref])),
        kind=group.kind or _kind(cases, alerts, verdict),
        verdict=verdict,
        stations_total=group.total,
        transition_id=min((causes[ref] for ref in refs if ref in causes), default=None),
    )
    after = continued(news, inputs.now)
    if after is None:
        return
    yield DecidedCase(news.before, after)
    yield from (DecidedCase(case, merged(case, after.id, inputs.now)) for case in news.joined)


def _kind(cases: Sequence[AlertCase], alerts: Sequence[CaseAlert], verdict: CaseVerdict) -> CaseKind:
    """Kind by the alerts; a case of silences keeps its own."""
    if cases and all(is_silence(alert) or is_part(alert) for alert in alerts):
        return cases[0].kind
    return kind_of(alerts, verdict)


def _is_worth_a_step(known: CaseAlert, now: CaseAlert) -> bool:
    """An end, or figures that late or reviewed data changed; the course of an open alert is read when it is needed."""
    return known.is_open != now.is_open or is_amended(known, now)
