"""What the gate does with batches that hold nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from qc.run.gate.job import gate
from schemas.reason import reason_data
from store.state import FindingKind, GateOutcome, StateStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

T0 = datetime(2026, 11, 24, 16, tzinfo=UTC)
DAY = timedelta(days=1)
NETWORK = network_text(station("s1", instrument("a", "gas", 60, "so2")))


@pytest.mark.integration
def test_a_batch_without_any_hour_warns_since_nothing_could_be_held_back(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    found = gate(placed, "gas", T0, T0 + DAY, T0 + DAY)
    assert found.outcome is GateOutcome.WARN
    assert "gate.has_rows.value" in [reason_data(item.reason).key for item in found.failures]
    assert not state.findings.list(kind=FindingKind.GATE)
