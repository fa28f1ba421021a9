from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from console.query import last_seen
from console.query.last_seen import LastSeen
from tests.console.build import NOW, instrument, network, station

if TYPE_CHECKING:
    import pytest

NETWORK = network(station("a-1", instrument("gas1"), instrument("gas2")))


class Recorder:
    """The one call of the store that is made, with what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[set[tuple[str, str]]] = []
        self.rows = {("a-1", "gas1"): NOW, ("a-1", "gas2"): NOW - timedelta(days=9)}

    def last_readings(self, _networks: object, wanted: object) -> pd.DataFrame:
        self.asked.append(set(wanted))
        found = {pair: at for pair, at in self.rows.items() if pair in self.asked[-1] or at == NOW}
        return pd.DataFrame(
            [(*pair, pd.Timestamp(at)) for pair, at in found.items()], columns=["station_id", "instrument_id", "start"]
        )


def test_pages_that_poll_look_back_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Recorder()
    seen = LastSeen(store, NETWORK)
    answers = [seen.read() for _ in range(3)]
    assert [len(wanted) for wanted in store.asked] == [2, 0, 0]
    assert answers == [store.rows] * 3
    monkeypatch.setattr(last_seen, "WIDEN_EVERY_S", -1.0)
    store.rows["a-1", "gas2"] = datetime(2026, 11, 20, tzinfo=UTC)
    assert seen.read() == store.rows
