from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sensors.simulator import Province

END = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def province() -> Province:
    return Province(7, END - timedelta(days=3), END)


@pytest.fixture(scope="session")
def faultless() -> Province:
    return Province(7, END - timedelta(days=3), END, faults=False)
