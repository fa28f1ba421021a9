"""A backup is taken while a collector works, and restored into an empty directory and an empty database."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.backlog.dual_cursor import CURSOR
from ingest.completeness.balance import audit
from store.influx.store import InfluxStore
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore
from tests.ingest.conftest import Collector, environment, payload, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings

pytestmark = pytest.mark.integration
TOPIC = "obs/v1/voc/archive/gc1/json"
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def load(publisher: Publisher) -> Iterator[Callable[[], None]]:
    """Readings and unreadable messages, without pause until it is called."""
    done = threading.Event()

    def publish() -> None:
        number = 0
        while not done.is_set():
            start = FIRST + timedelta(minutes=number)
            publisher.publish(TOPIC, payload(start, {"benzene": float(number)}, seq=number))
            if number % 50 == 0:
                publisher.publish(TOPIC, b"{not json %d" % number)
            number += 1
        publisher.flush()

    thread = threading.Thread(target=publish)
    thread.start()

    def stop() -> None:
        done.set()
        thread.join()

    yield stop
    stop()


def command(settings: CollectorSettings, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console.cli", *words],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )


def kept(directory: Path) -> list[tuple[str, bytes]]:
    with closing(RawLog(directory)) as log:
        return [(item.message.topic, item.message.payload) for item in log.read(BEGINNING, 1_000_000)]


def rows(state: StateStore, table: str) -> set[tuple[object, ...]]:
    import sqlalchemy as sa

    with state.database.reading() as connection:
        return {tuple(map(str, row)) for row in connection.execute(sa.text(f"SELECT * FROM {table}"))}


def test_a_backup_under_load_loses_no_acknowledged_message(
    collector: Collector, store: InfluxStore, state: StateStore, load: Callable[[], None], tmp_path: Path
) -> None:
    settings = collector.settings
    wait_for(lambda: state.quarantine.size().items >= 5, "the first entries of the quarantine")
    acknowledged = kept(settings.rawlog_dir)
    entries = rows(state, "quarantine")
    done = command(settings, "backup", str(tmp_path / "backup"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema_revision"] == state.database.revision()
    refused = command(settings, "restore", str(tmp_path / "backup"), "--force")
    assert refused.returncode == 1
    assert "still running" in refused.stderr
    assert "collector" in refused.stderr
    load()
    assert collector.stop() == 0
    restored = settings.model_copy(
        update={
            "run_dir": tmp_path / "restored",
            "state_url": f"sqlite:///{tmp_path / 'restored' / 'state.sqlite'}",
            "influx_database": f"restored_{uuid.uuid4().hex[:8]}",
            "mqtt_client_id": f"test-{uuid.uuid4().hex[:12]}",
        }
    )
    done = command(restored, "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    found = kept(restored.rawlog_dir)
    assert len(acknowledged) > 0
    assert found[: len(acknowledged)] == acknowledged
    with StateStore(restored.state_url) as again:
        assert entries <= rows(again, "quarantine")
        assert rows(again, "quarantine") <= rows(state, "quarantine")
    check_drained(restored, len(found), tmp_path / "again.log")


def check_drained(settings: CollectorSettings, messages: int, log_file: Path) -> None:
    """Decode the whole restored log into the empty database, and look for every value."""
    with closing(RawLog(settings.rawlog_dir)) as log:
        log.drop_cursor(CURSOR)
    again = Collector(settings, log_file)
    again.start()
    with closing(RawLog(settings.rawlog_dir)) as log:
        wait_for(lambda: log.count_after(log.cursor(CURSOR)) == 0 and log.cursor(CURSOR) != BEGINNING, "the drain")
        assert again.stop() == 0
        now = datetime.now(UTC)
        with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
            checked = audit(settings, log, store, state, cursor=CURSOR, start=now - timedelta(hours=1), end=now)
    assert (checked.lost, checked.values_missing, checked.waiting) == (0, 0, 0)
    assert checked.messages >= messages
    assert checked.values_found > 0
