"""A simulated month through the case store: rounds by a simulated clock, and recipients that take every case at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np

from alerts.case.life import CaseStepError
from alerts.case.verdict import verdict_by
from alerts.run.case import NoticeTarget, add_step, assign_cases
from alerts.run.case_evidence import StoredEvidence
from bench.verdict.case import context_of
from bench.verdict.window import Window
from qc.verdict.reading import FAST_S
from qc.verdict.verdict import evaluate_case
from schemas.alert import RuleKind
from schemas.alert_case import CaseStep, StepKind
from schemas.column import FLAG
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from alerts.case.news import WantedNotice
    from alerts.run.case import CaseEvidence
    from bench.alerts.transitions import Known
    from bench.verdict.week import Week
    from qc.verdict.weight import VerdictRule
    from schemas.alert_case import AlertCase, CaseAlert, CaseVerdict
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import StateStore

CHANNEL = "mail"
ROUND = timedelta(minutes=10)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a case."""

    case_id: str
    recipient: str
    at: datetime
    kind: str


class MonthHours:
    """Hours of a simulated month, asked for as those of the time-series database."""

    def __init__(self, week: Week) -> None:
        self._hours = week.hours
        self._chosen: dict[tuple[str, tuple[str, ...]], dict[str, pd.DataFrame]] = {}

    def read_hourly_all(
        self, network: str, start: datetime, end: datetime, parameters: Sequence[str]
    ) -> dict[str, pd.DataFrame]:
        """As `store.influx.store.InfluxStore.read_hourly_all`."""
        key = network, tuple(parameters)
        if key not in self._chosen:
            self._chosen[key] = {name: _columns(frame, parameters) for name, frame in self._hours[network].items()}
        found = {}
        for name, frame in self._chosen[key].items():
            first, last = frame.index.searchsorted(start), frame.index.searchsorted(end)  # half-open
            if len(frame.columns) and last > first:
                found[name] = frame.iloc[first:last]
        return found


def _columns(frame: pd.DataFrame, parameters: Sequence[str]) -> pd.DataFrame:
    """Values and flags of the parameters that a frame has."""
    wanted = [name for code in parameters if code in frame for name in (code, code + FLAG)]
    return frame[[name for name in wanted if name in frame]]


class MonthEvidence(StoredEvidence):
    """What the running watch knows at a round, of the hours that are over by then; verdicts from the readings in memory."""

    def __init__(self, week: Week, network: Network, rule: VerdictRule) -> None:
        super().__init__(cast("InfluxStore", MonthHours(week)), network, rule)
        self._week, self._by = week, rule

    def verdict(self, alert: CaseAlert, now: datetime) -> CaseVerdict | None:
        """The verdict of the hours of an alert up to the round; None for alerts of other rules than thresholds."""
        if alert.kind is not RuleKind.THRESHOLD:
            return None
        station = next(item for item in self._week.stations if item.id == alert.station_id)
        code = alert.parameter or ""
        instrument = next(
            item
            for item in station.instruments
            if code in item.parameters and (alert.network is None or item.network.value == alert.network)
        )
        end = floor_hour(min(alert.until or now, now))
        window = Window(station, instrument, code, alert.since, max(end, alert.since + timedelta(hours=1)))
        found = evaluate_case(context_of(self._week, window), self._by)
        evidence = [(item.name, item.weight) for item in found.evidence]
        return verdict_by(found.probability, evidence, is_fast=instrument.cadence_s <= FAST_S)


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
