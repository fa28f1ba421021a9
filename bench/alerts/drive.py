"""A simulated month through the case store: rounds by a simulated clock, and recipients that take every case at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from alerts.case.group import AlertRef, CaseAir, ref_of
from alerts.case.life import CaseStepError
from alerts.case.local import PARTICLES, local_alerts
from alerts.case.verdict import revised, verdict_by
from alerts.run.case import NoticeTarget, add_step, assign_cases
from analysis.case.event.rise import rises_in
from analysis.case.event.usual import valid_hours
from bench.verdict.case import context_of
from bench.verdict.window import Window
from qc.verdict.reading import FAST_S
from qc.verdict.verdict import evaluate_case
from schemas.alert import RuleKind
from schemas.alert_case import CaseStep, StepKind
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alerts.case.news import WantedNotice
    from alerts.run.case import CaseEvidence
    from analysis.case.event import EventRise
    from bench.alerts.transitions import Known
    from bench.verdict.week import Week
    from qc.verdict.weight import VerdictRule
    from schemas.alert_case import AlertCase, CaseAlert, CaseVerdict
    from schemas.network import Network
    from store.state import StateStore

CHANNEL = "mail"
ROUND = timedelta(minutes=10)
_BACK = timedelta(hours=36)
_EVALUATED_FOR = timedelta(hours=2)
_WIND = ("wind_speed", "wind_direction")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a case."""

    case_id: str
    recipient: str
    at: datetime
    kind: str


class MonthEvidence:
    """Rises, winds and verdicts of a simulated month, of the data up to the round."""

    def __init__(self, week: Week, begin: datetime, rule: VerdictRule) -> None:
        self._week, self._rule = week, rule
        self._rises = [rise for code in ("gas", "voc", "rad", "pm") for rise in self._rises_of(code, begin)]
        self._winds = {
            name: pd.DataFrame({code: frame[code] for code in _WIND})
            for name, frame in week.hours["met"].items()
            if set(_WIND) <= {*frame.columns}
        }
        self._particles = {code: _wide(week.hours["gas"], code) for code in PARTICLES}
        self._stations = {item.id: item for item in week.stations}
        self._verdicts: dict[AlertRef, CaseVerdict] = {}
        self._evaluated: dict[AlertRef, datetime] = {}
        self._measured = {
            station.id: frozenset(code for item in station.instruments for code in item.parameters)
            for station in week.stations
        }

    def _rises_of(self, code: str, begin: datetime) -> Iterable[EventRise]:
        for name, frame in self._week.hours[code].items():
            yield from rises_in(valid_hours(frame, begin, None), name)

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises that were known by now."""
        known = [
            msgspec.structs.replace(item, end=min(item.end, now))
            for item in self._rises
            if item.peak_at + timedelta(hours=1) <= now and item.end > now - _BACK
        ]
        local = local_alerts(alerts, self._particles, self._stations, now)
        return CaseAir(rises=known, winds=self._winds, measured=self._measured, local=local)

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """Verdicts of the alerts; of a young one again with more data."""
        for alert in alerts:
            ref = ref_of(alert)
            hour = floor_hour(now)
            is_due = ref not in self._verdicts or (hour > self._evaluated[ref] and now - alert.since <= _EVALUATED_FOR)
            if alert.kind is RuleKind.THRESHOLD and is_due:
                self._verdicts[ref] = revised(self._verdicts.get(ref), self._verdict(alert, now))
                self._evaluated[ref] = hour
        return self._verdicts

    def _verdict(self, alert: CaseAlert, now: datetime) -> CaseVerdict:
        station = next(item for item in self._week.stations if item.id == alert.station_id)
        code = alert.parameter or ""
        instrument = next(
            item
            for item in station.instruments
            if code in item.parameters and (alert.network is None or item.network.value == alert.network)
        )
        end = min(alert.until or now, now).replace(minute=0, second=0, microsecond=0)
        window = Window(station, instrument, code, alert.since, max(end, alert.since + timedelta(hours=1)))
        found = evaluate_case(context_of(self._week, window), self._rule)
        evidence = [(item.name, item.weight) for item in found.evidence]
        return verdict_by(found.probability, evidence, is_fast=instrument.cadence_s <= FAST_S)


def _wide(frames: Mapping[str, pd.DataFrame], code: str) -> pd.DataFrame:
    return pd.DataFrame({name: frame[code] for name, frame in frames.items() if code in frame})


@dataclass(kw_only=True)
class Drive:
    """One month driven through the store.

    Attributes
    ----------
    mails : list of Mail
        In the order in which they were sent.
    """

    state: StateStore
    network: Network
    evidence: CaseEvidence
    mails: list[Mail] = field(default_factory=list)
    rounds: int = 0

    def run(self, known: Sequence[Known], end: datetime) -> None:
        """All rounds until ``end``: one where something is known, and one an hour."""
        if not known:
            return
        moments = sorted({_ceiled(item.at) for item in known} | {*_hours(known[0].at, end)})
        position = 0
        for now in moments:
            while position < len(known) and known[position].at <= now:
                self.state.alerts.save(known[position].transition, ())
                position += 1
            self._round(now)
        self._round(end + timedelta(days=1))

    def _round(self, now: datetime) -> None:
        assign_cases(self.state, self.network, now, evidence=self.evidence, route=_route)
        self.rounds += 1
        while claimed := self.state.notices.claim("bench", CHANNEL, now=now, limit=100):
            for notice in claimed:
                case = self.state.cases.get(notice.case_id)
                if case is None:
                    continue
                if not notice.known and notice.recipient != case.audience.value:
                    self.state.notices.finish_quiet(notice.id, "bench", detail="of others by now")
                    continue
                self.mails.append(
                    Mail(case_id=case.id, recipient=notice.recipient, at=now, kind=case.steps[-1].kind.value)
                )
                self.state.notices.finish_sent(notice.id, "bench", message_id=f"<{len(self.mails)}>", now=now)
                self._take(case, notice.recipient, now)

    def _take(self, case: AlertCase, who: str, now: datetime) -> None:
        if case.taken_by is not None or not case.is_open:
            return

        def step(present: AlertCase) -> CaseStep:
            return CaseStep(
                case_id=present.id, number=present.version + 1, kind=StepKind.TAKEN, at=now, recorded_at=now, by=who
            )

        try:
            add_step(self.state, step, case.id, now)
        except CaseStepError:
            return

    def mails_of(self, case_ids: Iterable[str]) -> Counter[str]:
        """Messages about some cases, by recipient."""
        chosen = set(case_ids)
        return Counter(item.recipient for item in self.mails if item.case_id in chosen)


def _route(item: WantedNotice) -> list[NoticeTarget]:
    return [NoticeTarget(item.audience.value, CHANNEL)]


def _ceiled(moment: datetime) -> datetime:
    step = ROUND.total_seconds()
    return datetime.fromtimestamp(float(np.ceil(moment.timestamp() / step) * step), moment.tzinfo)


def _hours(first: datetime, end: datetime) -> Iterable[datetime]:
    at = _ceiled(first).replace(minute=0)
    while at < end:
        at += timedelta(hours=1)
        yield at
