"""A province's hours in a real InfluxDB, with its network file and an empty state database."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

from store.influx.store import InfluxStore
from store.settings import SharedSettings
from store.state import StateStore
from tests.analysis.frames import network_text, province

if TYPE_CHECKING:
    from pathlib import Path


def settings_in(folder: Path, influx_url: str, migrated: Path) -> SharedSettings:
    """Settings with a state file and a run directory in a folder and a new database: for what a module shares, which drops it."""
    shutil.copyfile(migrated, folder / "state.sqlite")
    return SharedSettings(
        run_dir=folder / "run",
        influx_url=influx_url,
        influx_database=f"test_{uuid.uuid4().hex[:12]}",
        state_url=f"sqlite:///{folder / 'state.sqlite'}",
    )


def filled_settings(
    settings: SharedSettings, folder: Path, days: int = 32, count: int = 5, **changed: object
) -> SharedSettings:
    """Settings of ``count`` stations whose hours of ``days`` days are stored; ``changed`` are further settings."""
    path = folder / "network.toml"
    path.write_text(network_text(count), encoding="utf-8")
    own = settings.model_copy(update={"network": path} | changed)
    store = InfluxStore(own)
    store.ensure()
    for code, stations in province(days, count).items():
        for station_id, frame in stations.items():
            store.write_hourly(code, station_id, frame)
    with StateStore(own.state_url) as state:
        state.migrate()
    return own


def environment(settings: SharedSettings) -> dict[str, object]:
    """Settings for the fixture ``command``."""
    names = ("run_dir", "influx_url", "influx_database", "state_url", "network")
    return {name: getattr(settings, name) for name in names}
