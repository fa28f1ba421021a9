"""What the ingest notices of itself reaches people by mail, once, and ends when its cause is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alerts.rules.finding_reason import detail_of, title_of
from alerts.run.evaluation import evaluate
from alerts.run.round import hand_out as deliver
from schemas.reason import Reason, encode_reason
from schemas.words import LANGUAGES, render
from store.state import Finding, FindingKind
from tests.alerts.run.test_job import DAY, mails

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

HELD = encode_reason(Reason("has_rows", "value", scope="gate"))
FACTS = {
    FindingKind.CLOCK: {"clock": "wrong_zone", "skew_s": -28800.0, "held": 20},
    FindingKind.FOREIGN_PAYLOAD: {"topic": "obs/v1/gas/t-01/gas1/json", "named": "station 'x', the topic names 't-01'"},
    FindingKind.BALANCE_REST: {"rest": 4, "first": "2026-11-22T00:00:00+00:00", "last": "2026-11-22T03:00:00+00:00"},
    FindingKind.GAP: {"start": "a", "end": "b", "missing": 7, "attempts": 4},
    FindingKind.DISK: {"free_bytes": 1_500_000_000, "reserve_bytes": 1 << 30, "directory": "rawlog"},
    FindingKind.GATE: {"id": 7, "network": "gas", "start": "a", "end": "b", "failures": [HELD]},
    FindingKind.QUARANTINE_FULL: {"items": 170_000, "payload_bytes": 1, "share": 0.85},
    FindingKind.PROCESS: {"process": "watch/a", "host": "a", "complaint": "", "beat_at": "b", "restarts": 3},
    FindingKind.INTERNAL_ERROR: {"process": "drain", "detail": "ValueError: x (ingest/decode/clock.py:1 note)"},
}


_OF_STATIONS = {
    FindingKind.CLOCK,
    FindingKind.FOREIGN_PAYLOAD,
    FindingKind.BALANCE_REST,
    FindingKind.GAP,
    FindingKind.GATE,
}


def finding(kind: FindingKind, at: datetime) -> Finding:
    station = "t-01" if kind in _OF_STATIONS else None
    key = kind.value if station is None else f"{kind.value}/{station}"
    return Finding(
        key=key, kind=kind, station_id=station, instrument_id="gas1", facts=FACTS[kind], first_at=at, last_at=at
    )


# whether a process is well is looked up each time (tests/alerts/rules/test_process.py)
@pytest.mark.parametrize("kind", [kind for kind in FindingKind if kind is not FindingKind.PROCESS])
def test_a_finding_is_mailed_once_and_ends_with_its_cause(  # noqa: PLR0917 - fixtures
    kind: FindingKind, own: AlertSettings, now: datetime, maildir: Path, state: StateStore, influx: InfluxStore
) -> None:
    state.findings.report([finding(kind, now)])
    for later in (now, now + timedelta(minutes=1)):
        evaluate(own, later - DAY, later, later)
        deliver(own, later)
    state.findings.drop(finding(kind, now).key)
    later = now + timedelta(minutes=10)
    evaluate(own, later - DAY, later, later)
    deliver(own, later)
    first, second = mails(maildir)
    assert second["Subject"].startswith("[已结束]")
    body = str(first.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    assert render(detail_of(finding(kind, now)), "zh")[:20] in body


def test_an_old_finding_is_no_alert(own: AlertSettings, now: datetime, state: StateStore, influx: InfluxStore) -> None:
    state.findings.report([finding(FindingKind.GAP, now - timedelta(days=3))])
    assert evaluate(own, now - DAY, now, now) == 0


@pytest.mark.parametrize("kind", FindingKind)
def test_both_languages_have_the_figures(kind: FindingKind, now: datetime) -> None:
    zh, en = (render(detail_of(finding(kind, now)), language) for language in LANGUAGES)
    assert "finding." not in zh + en + render(title_of(finding(kind, now)), "en")
    for name, value in FACTS[kind].items():
        if name in {"rest", "held", "missing", "attempts", "items", "topic", "id", "network", "process", "restarts"}:
            assert str(value) in zh
            assert str(value) in en


def test_a_held_batch_shows_its_failures_in_the_language_of_the_reader(now: datetime) -> None:
    assert "excluded from products: the batch has no hour. Run" in render(
        detail_of(finding(FindingKind.GATE, now)), "en"
    )
    assert "不进入产品：本批次没有任何小时数据。" in render(detail_of(finding(FindingKind.GATE, now)), "zh")


def test_a_held_batch_of_an_earlier_version_keeps_its_texts(now: datetime) -> None:
    facts = {
        "id": 7,
        "network": "gas",
        "start": "a",
        "end": "b",
        "zh": ["CO 超限", "无数据"],
        "en": ["CO is outside", "no"],
    }
    earlier = Finding(key="gate_hold", kind=FindingKind.GATE, facts=facts, first_at=now, last_at=now)
    assert "CO is outside; no. Run" in render(detail_of(earlier), "en")
    assert "CO 超限；无数据。" in render(detail_of(earlier), "zh")
