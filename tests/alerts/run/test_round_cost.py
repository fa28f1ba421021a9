"""What a round reads grows with what is open, not with all that ever was."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time
from typing import TYPE_CHECKING

import pytest

import store.state.alerts.alert
import store.state.alerts.case
from alerts.run.evaluation import evaluate_reports
from alerts.run.operation import raise_operation
from alerts.run.round import RoundInput, hand_out, run_round
from console.local.settings import free_ports
from schemas.alert import AlertState, Severity
from schemas.alert_case import CaseState
from store.state import CaseChange, StateStore
from tests.alerts.run.test_job import changed
from tests.store.state.build import transition
from tests.store.state.test_case import case

if TYPE_CHECKING:
    from alerts.settings import AlertSettings

pytestmark = pytest.mark.integration
ALERTS, CASES, OPEN = 20_000, 2_000, 3
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_COPIES = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
INSERT INTO {table} ({names}) SELECT {values} FROM {table}, number WHERE {table}.{key} = '{of}'
"""


def copied(database: sqlite3.Connection, table: str, key: str, of: str, count: int, **changed: str) -> None:
    """Copies of a row, ``n`` being their number."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id" or "id" in changed]
    values = [changed.get(name, f'{table}."{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = _COPIES.format(count=count, table=table, names=quoted, values=", ".join(values), key=key, of=of)
    database.execute(statement)


@pytest.fixture
def old(own: AlertSettings, state: StateStore) -> AlertSettings:
    """A store with many alerts and cases that are over, and some that are open."""
    over = transition(0, AlertState.OK)
    state.alerts.save(over)
    state.cases.append([CaseChange(case=case(2, state=CaseState.ENDED, since=LONG_AGO, ended_at=LONG_AGO))])
    for number in range(OPEN):
        titles = ("任务失败", "Task failed")
        key, now = f"dag/{number}", datetime.now(UTC)
        raise_operation(own, key=key, titles=titles, detail="x", severity=Severity.CRITICAL, now=now)
    with closing(sqlite3.connect(own.state_url.removeprefix("sqlite:///"))) as database, database:
        ids = {"id": "10000 + n", "alert_key": "'rule/' || n || '/pm25'"}
        copied(database, "transition", "alert_key", over.alert_key, ALERTS, **ids)
        del ids["id"]
        copied(database, "alert", "alert_key", over.alert_key, ALERTS, transition_id="10000 + n", **ids)
        copied(database, "alert_case", "id", "c1", CASES, id="'old-' || n")
        copied(database, "case_step", "case_id", "c1", CASES, case_id="'old-' || n")
    return changed(own, smtp_url=f"smtp://127.0.0.1:{free_ports(1)[0]}")  # composing mails is another matter


def test_a_round_reads_what_is_open_and_nothing_of_what_is_over(
    old: AlertSettings, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    hand_out(old, now)
    assert len(state.alerts.get_states()) == ALERTS + OPEN + 1
    assert state.cases.count_open() in range(1, OPEN + 1)
    assert len(state.cases.list(limit=ALERTS)) > CASES
    read: Counter[str] = Counter()
    for module, name in ((store.state.alerts.alert, "_to_status"), (store.state.alerts.case, "_to_case")):
        original = getattr(module, name)

        def counted(row: object, name: str = name, original: object = original) -> object:
            read[name] += 1
            return original(row)  # type: ignore[operator]  # a function

        monkeypatch.setattr(module, name, counted)
    begun = process_time()
    later = now + timedelta(seconds=5)
    done = run_round(old, later, RoundInput(), partial(evaluate_reports, old, later))
    assert done.error is None
    assert read["_to_status"] <= 6 * OPEN
    assert read["_to_case"] <= 4 * OPEN
    assert process_time() - begun < 2.0
