"""Figure ``alerts.cases``: share of true events of a simulated month that have exactly one case, which matches no other event."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from alerts.rules.rules import load_rules
from bench.alerts.drive import Drive, MonthEvidence
from bench.alerts.month import DAYS, simulated_month
from bench.alerts.transitions import transitions_of
from qc.run.limits import load_thresholds
from qc.verdict.weight import VerdictRule
from schemas.alert import RuleKind
from schemas.alert_case import Audience, StepKind
from schemas.network import Network
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.alerts.month import Month, TrueEvent
    from schemas.alert_case import AlertCase, CaseAlert

SEEDS = (56_102,)
"""Scored once on 2026-11-29, like 56,100 and 56,101 before it; developed on 56,000 to 56,006."""
RULES = Path(__file__).parents[2] / "deploy" / "rules.example.toml"
TAIL = timedelta(hours=6)
HOUR = timedelta(hours=1)
SAME_TIME = timedelta(minutes=75)
PART = 0.25
"""A plume explains an alert if it adds this part of the threshold."""
_OF_REGION = {"haze": ("pm25", "pm10"), "ozone": ("o3",)}
_SILENT = frozenset({"outage", "line", "system"})
_FAILED = frozenset({"fault", "outage", "line"})
_OF_AIR = frozenset({"plume", "haze", "ozone"})


def main(*seeds: int) -> None:
    """Print one line of JSON."""
    found = [scored(simulated_month(seed)) for seed in seeds or SEEDS]
    print(json.dumps(summed(found) | {"seeds": ", ".join(map(str, seeds or SEEDS))}))


def summed(found: list[dict[str, float]]) -> dict[str, object]:
    """Figures of several months together."""
    total = {name: sum(item[name] for item in found) for name in found[0]}
    return {
        "name": "alerts.cases",
        "value": round(total["exact"] / total["events"], 3),
        "unit": "1",
        "false_a_week": round(7 * total["false"] / (DAYS * len(found)), 2),
        "fault_to_duty": round(total["to_duty"] / max(total["faults"], 1), 3),
        "event_to_operator_only": total["kept_from_duty"],
        "mails_max": max(item["mails_max"] for item in found),
        "ended": round(total["ended"] / total["cases"], 3),
        "events": total["events"],
        "events_without_alert": total["quiet"],
        "cases": total["cases"],
        "alerts": total["alerts"],
        "mails": total["mails"],
        "seconds": round(total["seconds"], 1),
        "vs": "must reach 0.95 of the events, at most 1 false case a week, 0.05 of the faults to duty staff, no event to the operator only, 3 mails an event and group, all ends mailed; aim 0.99",
        "workload": f"{DAYS} simulated days of 73 stations: plumes, hazes, O3 episodes, faults, outages, cut lines",
    }


def scored(month: Month, *, explain: bool = False) -> dict[str, float]:
    """Drive one month and compare its cases with the truth."""
    began = time.perf_counter()
    network = Network(zone="Asia/Shanghai", station_list=month.week.stations)
    rule = load_thresholds().rule(VerdictRule)
    assert rule is not None
    known = transitions_of(month.week, network, load_rules(RULES), month.begin)
    with tempfile.TemporaryDirectory() as directory, StateStore(f"sqlite:///{directory}/state.sqlite") as state:
        state.migrate()
        drive = Drive(state=state, network=network, evidence=MonthEvidence(month.week, network, rule))
        drive.run(known, month.week.end)
        cases = [
            case
            for item in state.cases.list(limit=100_000)
            if item.merged_into is None and (case := state.cases.get(item.id)) is not None
        ]
        joined = {item.id: item.merged_into for item in state.cases.list(limit=100_000) if item.merged_into}
        figures = _figures(month, cases, drive, explain=explain) | {
            "mails_max": _most_mails(month, cases, drive, joined)
        }
    return figures | {"alerts": len(known), "mails": len(drive.mails), "seconds": time.perf_counter() - began}


def _figures(month: Month, cases: list[AlertCase], drive: Drive, *, explain: bool) -> dict[str, float]:
    truth = {case.id: [event_of(month, alert) for alert in case.alerts] for case in cases}
    cases_of: dict[str, set[str]] = defaultdict(set)
    for case_id, found in truth.items():
        for event in found:
            if event is not None:
                cases_of[event.id].add(case_id)
    events = [item for item in month.events if item.id in cases_of]
    exact = [item for item in events if _is_exact(item, cases_of[item.id], truth)]
    faults = [item for item in events if item.kind in _FAILED]
    to_duty = [item for item in faults if drive.mails_of(cases_of[item.id])[Audience.DUTY]]
    mailed = [(drive.mails_of(cases_of[item.id]), item) for item in events if item.kind in _OF_AIR]
    kept = [item for mails, item in mailed if mails and not mails[Audience.DUTY]]
    sent = {mail.case_id for mail in drive.mails} & {case.id for case in cases if not case.is_open}
    over = {mail.case_id for mail in drive.mails if mail.kind in _ENDS}
    false = [case for case in cases if case.id in sent and is_false(month, case, truth[case.id])]
    if explain:
        _explain(month, cases, drive, truth=truth, cases_of=cases_of)
    return {
        "events": len(events),
        "quiet": len(month.events) - len(events),
        "exact": len(exact),
        "false": len(false),
        "faults": len(faults),
        "to_duty": len(to_duty),
        "kept_from_duty": len(kept),
        "cases": len(sent),
        "ended": len(over & sent),
    }


def _most_mails(month: Month, cases: list[AlertCase], drive: Drive, joined: Mapping[str, str]) -> int:
    """Most messages of an event to one group of recipients, those of cases that became part of another included."""
    most = 0
    for event in month.events:
        own = {case.id for case in cases if any(event_of(month, alert) is event for alert in case.alerts)}
        while more := {name for name, into in joined.items() if into in own} - own:
            own |= more
        most = max(most, *drive.mails_of(own).values(), 0)
    return most


_ENDS = {kind.value for kind in (StepKind.ENDED, StepKind.WITHDRAWN, StepKind.LATE_KNOWN)}


def _is_exact(event: TrueEvent, own: set[str], truth: Mapping[str, list[TrueEvent | None]]) -> bool:
    if len(own) != 1:
        return False
    (case_id,) = own
    return all(item is None or item.id == event.id for item in truth[case_id])


def event_of(month: Month, alert: CaseAlert) -> TrueEvent | None:
    """The true event of an alert; None where none explains it."""
    if alert.kind is RuleKind.SILENCE:
        return _silence_of(month, alert)
    own = [item for item in month.events if item.kind == "fault" and _is_faulty(item, alert)]
    if own:
        return own[0]
    plumes = [(_added(month, item, alert), item) for item in month.events if item.kind == "plume"]
    best = max(plumes, key=lambda pair: pair[0], default=None)
    if best is not None and best[0] >= PART * (alert.threshold or 0.0):
        return best[1]
    return next((item for item in month.events if _is_of_region(item, alert)), None)


def _silence_of(month: Month, alert: CaseAlert) -> TrueEvent | None:
    for item in month.events:
        is_near = abs(item.interval.start - alert.since) <= SAME_TIME
        if item.kind in _SILENT and is_near and alert.station_id in {part[0] for part in item.parts}:
            return item
    return None


def _is_faulty(event: TrueEvent, alert: CaseAlert) -> bool:
    hit = any((part[0], part[2]) == (alert.station_id, alert.parameter) for part in event.parts)
    return hit and _overlaps(event, alert, HOUR)


def _added(month: Month, event: TrueEvent, alert: CaseAlert) -> float:
    """Highest hour that releases add at the station in the alert, where the event reaches it [canonical unit]."""
    if alert.station_id not in {part[0] for part in event.parts} or not _overlaps(event, alert, HOUR):
        return 0.0
    first, last = pd.Timestamp(alert.since), pd.Timestamp(alert.until or month.week.end)
    inside = max(first, pd.Timestamp(event.interval.start).floor("h")), min(last, pd.Timestamp(event.interval.end))
    found = 0.0
    for (station_id, _), frame in month.week.excess.items():
        if station_id == alert.station_id and alert.parameter in frame:
            values = frame[alert.parameter]
            values = values[(values.index >= inside[0]) & (values.index <= inside[1])]
            found = max(found, float(values.max()) if len(values) else 0.0)
    return found


def _is_of_region(event: TrueEvent, alert: CaseAlert) -> bool:
    return alert.parameter in _OF_REGION.get(event.kind, ()) and _overlaps(event, alert, TAIL)


def _overlaps(event: TrueEvent, alert: CaseAlert, tail: timedelta) -> bool:
    return event.interval.start - HOUR <= alert.since < event.interval.end + tail


def is_false(month: Month, case: AlertCase, found: Iterable[TrueEvent | None]) -> bool:
    """Whether a case is about nothing: no true event, and the air at its stations never was beyond a threshold."""
    if case.audience is not Audience.DUTY or any(item is not None for item in found):
        return False
    return not any(_is_beyond(month, alert) for alert in case.alerts)


def _is_beyond(month: Month, alert: CaseAlert) -> bool:
    if alert.kind is not RuleKind.THRESHOLD or alert.threshold is None:
        return False
    first, last = pd.Timestamp(alert.since), pd.Timestamp(alert.until or month.week.end)
    for key, frame in month.week.clean.items():
        if key[0] == alert.station_id and alert.parameter in frame:
            values = frame[alert.parameter]
            if key in month.week.excess:
                values = values + month.week.excess[key][alert.parameter]
            if (values[(values.index >= first) & (values.index < last)] > alert.threshold).any():
                return True
    return False


def _explain(
    month: Month,
    cases: list[AlertCase],
    drive: Drive,
    *,
    truth: Mapping[str, list[TrueEvent | None]],
    cases_of: Mapping[str, set[str]],
) -> None:
    for event in month.events:
        own = cases_of.get(event.id, set())
        if not own:
            continue
        mails = dict(drive.mails_of(own))
        is_right = _is_exact(event, own, truth)
        others = {item.id for case_id in own for item in truth[case_id] if item is not None} - {event.id}
        print(
            "ok " if is_right else "BAD",
            event.id,
            f"{event.interval.start:%m-%d %H:%M}",
            f"{event.interval.end:%m-%d %H:%M}",
            len(own),
            "cases",
            "with",
            sorted(others),
            mails,
            file=sys.stderr,
        )
    for case in cases:
        names = sorted({item.id for item in truth[case.id] if item is not None})
        kinds = [mail.kind for mail in drive.mails if mail.case_id == case.id]
        print(
            case.id, case.kind.value, case.audience.value, case.state.value, f"{case.since:%m-%d %H:%M}",
            f"{case.ended_at:%m-%d %H:%M}" if case.ended_at else "-", case.severity.value, len(case.stations), case.parameters, names, kinds,
            "p" if case.verdict.probability is None else round(case.verdict.probability, 2), file=sys.stderr,
        )  # fmt: skip


if __name__ == "__main__":
    main(*(int(item) for item in sys.argv[1:]))
