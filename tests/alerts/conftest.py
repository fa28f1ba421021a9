"""Rules, settings and hours that the tests of the alerts share."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from alerts.rules.rules import load_rules
from alerts.settings import AlertSettings
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rules.table import AlertRules
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "rules.example.toml"
RENDERED = frozenset({"test_case_mail", "test_delivery", "test_night"})
"""Modules, besides those of the mails, that look at pictures, and the one of a whole night."""
PICTURES = ("availability", "place_map", "series")
BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""
NETWORK = """
zone = "Asia/Shanghai"
""" + "".join(
    f"""
[[station]]
id = "t-{number:02d}"
name_zh = "测试{number}号"
name_en = "Test {number}"
city = "2101{number:02d}"
lon = {123.4 + number / 50}
lat = 41.8
[[station.instrument]]
id = "gas1"
network = "gas"
cadence_s = 60
parameters = ["pm25", "o3", "so2", "no2"]
"""
    for number in range(1, 9)
)


@pytest.fixture(autouse=True)
def unrendered_mail(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of mails are drawn but not rendered, which takes a third of a round, where no test looks at them."""
    if request.path.parent.name == "mail" or request.path.stem in RENDERED:
        return
    for module in PICTURES:
        monkeypatch.setattr(f"alerts.mail.picture.{module}.encoded", lambda _: BLANK)


@pytest.fixture(scope="session")
def example() -> AlertRules:
    return load_rules(EXAMPLE)


@pytest.fixture
def own(settings: SharedSettings, smtp_url: str, tmp_path: Path) -> AlertSettings:
    network = tmp_path / "network.toml"
    network.write_text(NETWORK)
    shared = settings.model_dump() | {"network": network}
    return AlertSettings(
        **shared, smtp_url=smtp_url, rules=EXAMPLE, mail_to=("duty@example.org",), mail_from="sky@example.org"
    )


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def write_hours(influx: InfluxStore, now: datetime) -> Callable[..., None]:
    """Write the last hours of one station, the newest being the last whole one."""

    def write(station_id: str, values: list[float], flag: int = 1, parameter: str = "pm25") -> None:
        last = floor_hour(now) - timedelta(hours=1)
        index = pd.DatetimeIndex(
            [last - timedelta(hours=len(values) - 1 - n) for n in range(len(values))], name="start"
        )
        columns = {
            parameter: np.array(values, dtype=float),
            f"{parameter}__n": np.full(len(values), 60.0),
            f"{parameter}__flag": np.full(len(values), flag, dtype=np.int8),
        }
        result = influx.write_hourly("gas", station_id, pd.DataFrame(columns, index=index))
        assert not result.rejected
        assert not result.retry

    return write
