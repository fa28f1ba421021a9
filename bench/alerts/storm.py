"""Figure ``alerts.storm``: mails when 500 stations fall silent at once, and when 200 exceed a threshold in one episode.

Stations are in cities of ten, 10 km apart. Each recipient takes a case with its first mail. The silences are known within a minute of each other;
the episode begins to rise at all stations four hours before the first of them exceeds the threshold, exceeds it everywhere within four more, and ends in two.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.case.group import CaseAir
from alerts.run.case import NoEvidence
from analysis.case.event import EventRise
from bench.alerts.drive import Drive
from bench.alerts.transitions import Known
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.message import NetworkCode
from schemas.network import Instrument, Network, Station
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.run.case import CaseEvidence
    from schemas.alert_case import CaseAlert

BEGIN = datetime(2026, 11, 27, 12, tzinfo=UTC)
SILENT, EPISODE = 500, 200
MUST_SILENT, MUST_EPISODE = 1, 3
RISING = timedelta(hours=4)
_A_CITY = 10
_STEP_DEG = 0.1
_ROW = 25


def main() -> None:
    """Print one line of JSON."""
    began = time.perf_counter()
    silent = mails_of(silences(SILENT), network_of(SILENT), NoEvidence())
    network = network_of(EPISODE)
    episode = mails_of(exceedances(EPISODE), network, RisingEvidence(network))
    print(
        json.dumps(
            {
                "name": "alerts.storm",
                "value": max(silent, episode),
                "unit": "mails",
                "silent": silent,
                "episode": episode,
                "seconds": round(time.perf_counter() - began, 1),
                "vs": f"must not exceed {MUST_SILENT} of the silence, {MUST_EPISODE} of the episode, end included",
                "workload": f"{SILENT} stations silent at once; {EPISODE} stations over a threshold in one episode",
            }
        )
    )


class RisingEvidence(NoEvidence):
    """All stations of the network have been rising since `RISING` before the first exceeds the threshold."""

    def __init__(self, network: Network) -> None:
        self._stations = [item.id for item in network.station_list]

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises up to now."""
        del alerts
        start, end = BEGIN - RISING, min(now, BEGIN + timedelta(hours=16))
        rises = [
            EventRise(start=start, end=end, station_id=name, parameter="pm25", peak_at=start, score=5.0, ratio=2.0)
            for name in self._stations
        ]
        return CaseAir(rises=rises)


def mails_of(known: Sequence[Known], network: Network, evidence: CaseEvidence) -> int:
    """Mails to one recipient group."""
    with tempfile.TemporaryDirectory() as directory, StateStore(f"sqlite:///{directory}/state.sqlite") as state:
        state.migrate()
        drive = Drive(state=state, network=network, evidence=evidence)
        drive.run(known, known[-1].at + timedelta(hours=1))
        return len(drive.mails)


def network_of(count: int) -> Network:
    """Stations in cities of ten."""
    gas = Instrument(
        id="gas1", network=NetworkCode.GAS, cadence_s=60, parameters=("pm25",), model="simulated", serial="1"
    )
    return Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(
                id=_name(number),
                city=f"{210_000 + number // _A_CITY:06d}",
                lon=120 + number % _ROW * _STEP_DEG,
                lat=40 + number // _ROW * _STEP_DEG,
                instruments=(gas,),
            )
            for number in range(count)
        ),
    )


def silences(count: int) -> list[Known]:
    """All stations fall silent within a minute; they are still silent when the figure is taken."""
    allowed = timedelta(minutes=15)
    return [
        Known(
            BEGIN + allowed + timedelta(seconds=number % 60),
            _transition(number, RuleKind.SILENCE, BEGIN, BEGIN + allowed),
        )
        for number in range(count)
    ]


def exceedances(count: int) -> list[Known]:
    """One station after another exceeds the threshold, and falls below it again."""
    found = []
    for number in range(count):
        since = BEGIN + timedelta(hours=number % 5)
        begin = _transition(number, RuleKind.THRESHOLD, since, since + timedelta(hours=1))
        until = BEGIN + timedelta(hours=12 + number % 3)
        end = msgspec.structs.replace(
            begin, from_state=AlertState.FIRING, to_state=AlertState.OK, at=until, reason=EndReason.VALUE_BACK
        )
        found += [Known(begin.at, begin), Known(end.at, end)]
    return sorted([*found, Known(BEGIN + timedelta(hours=24), found[0].transition)], key=lambda item: item.at)


def _transition(number: int, kind: RuleKind, since: datetime, at: datetime) -> AlertTransition:
    is_silence = kind is RuleKind.SILENCE
    rule, part = ("station-silent", "gas") if is_silence else ("pm25-heavy", "pm25")
    return AlertTransition(
        alert_key=f"{rule}/{_name(number)}/{part}",
        rule=rule,
        kind=kind,
        severity=Severity.WARNING if is_silence else Severity.CRITICAL,
        station_id=_name(number),
        parameter=None if is_silence else part,
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=at,
        since=since,
        value=15.0 if is_silence else 160.0 + number % 50,
        threshold=15.0 if is_silence else 150.0,
        unit="min" if is_silence else "ug/m3",
        evidence={"network": "gas"},
    )


def _name(number: int) -> str:
    return f"s{number:03d}"


if __name__ == "__main__":
    main()
