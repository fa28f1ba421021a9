from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from store.influx.store import InfluxStore


@pytest.fixture
def store(influx: InfluxStore) -> InfluxStore:
    return influx
