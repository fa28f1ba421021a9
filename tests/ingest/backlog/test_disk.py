"""A disk that fills up is reported before the intake stops; the report ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.backlog import disk
from ingest.backlog.disk import DiskWatch
from store.state import FindingKind

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GIB = 1 << 30


def test_a_disk_near_its_reserve_is_a_finding_until_there_is_room(
    collector_settings: CollectorSettings, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "LOOK_EVERY_S", 0.0)
    left = [5 * GIB]

    def free(_: Path) -> int:
        return left[0]

    watch = DiskWatch(collector_settings, state, free)
    watch.look(NOW)
    assert not state.findings.list(kind=FindingKind.DISK)
    left[0] = GIB
    watch.look(NOW)
    watch.look(NOW)
    (finding,) = state.findings.list(kind=FindingKind.DISK)
    assert (finding.count, finding.facts["free_bytes"]) == (1, GIB)
    left[0] = 5 * GIB
    watch.look(NOW)
    assert not state.findings.list(kind=FindingKind.DISK)
