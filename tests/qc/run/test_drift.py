"""Drift of all stations of a network: flags are kept once, and taken back when they no longer hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from qc.run.drift import run_drift
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 30
STATIONS = ("a", "b", "c", "d", "e")


def put(store: InfluxStore, station: str, gain: np.ndarray) -> None:
    index = pd.date_range(NOW - timedelta(days=DAYS), periods=24 * DAYS, freq="h", name="start", unit="us")
    course = 2000 + 40 * np.sin(np.arange(len(index)) / 24 * 2 * np.pi)
    store.write_hourly(
        "ghg", station, pd.DataFrame({"ch4": course * gain, "ch4__n": 60, "ch4__flag": np.int8(1)}, index=index)
    )


@pytest.mark.integration
def test_flags_of_drift_are_kept_once_and_taken_back(settings: SharedSettings, tmp_path: Path) -> None:
    ghg1 = Instrument(id="ghg1", network="ghg", cadence_s=60, parameters=("ch4",))  # type: ignore[arg-type]
    network = Network(
        zone="Asia/Shanghai", station_list=tuple(Station(id=name, instruments=(ghg1,)) for name in STATIONS)
    )
    path = tmp_path / "network.toml"
    path.write_text(network_toml(network))
    own = settings.model_copy(update={"network": path})
    with StateStore(own.state_url) as state:
        state.migrate()
    store = InfluxStore(own)
    store.ensure()
    for name in STATIONS:
        put(store, name, np.linspace(1, 1.1, 24 * DAYS) if name == "b" else np.ones(24 * DAYS))
    assert run_drift(own, "ghg", NOW, dry_run=True).drifting == ("b/ch4",)
    assert store.read_flags(Bucket.HOURLY, "ghg", NOW - timedelta(days=DAYS), NOW).empty
    first = run_drift(own, "ghg", NOW)
    again = run_drift(own, "ghg", NOW)
    kept = store.read_flags(Bucket.HOURLY, "ghg", NOW - timedelta(days=DAYS), NOW)
    assert (first.drifting, first.hours, again.taken_back) == (("b/ch4",), len(kept), 0)
    assert set(kept["test"]) == {"drift"}
    put(store, "b", np.ones(24 * DAYS))
    assert run_drift(own, "ghg", NOW).taken_back == first.hours
    assert store.read_flags(Bucket.HOURLY, "ghg", NOW - timedelta(days=DAYS), NOW).empty
    store.close()
