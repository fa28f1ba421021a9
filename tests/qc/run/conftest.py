"""The databases of a module's network: its ``NETWORK`` is the text of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.settings import SharedSettings


@pytest.fixture
def placed(request: pytest.FixtureRequest, settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    """Settings with the module's network and an empty state database."""
    path = tmp_path / "network.toml"
    path.write_text(request.module.NETWORK)
    StateStore(settings.state_url).migrate()
    return settings.model_copy(update={"network": path})


@pytest.fixture
def commands(placed: SharedSettings, monkeypatch: pytest.MonkeyPatch) -> SharedSettings:
    """The same settings, which commands read from the environment."""
    for name in ("run_dir", "network", "influx_url", "influx_database", "state_url"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(placed, name)))
    return placed


@pytest.fixture
def store(influx: InfluxStore) -> InfluxStore:
    return influx
