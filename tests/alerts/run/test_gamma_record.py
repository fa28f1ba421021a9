"""Where a gamma rule has too short a record, an operation alert says so until it has enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alerts.rules.gamma.monitor import AlarmLevel
from alerts.rules.gamma.training import GammaTraining
from alerts.run.baselines import load_gamma, report_gamma
from alerts.settings import AlertSettings
from schemas.interval import floor_hour
from store.state import StateStore
from tests.alerts.stream.feed import rules_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.influx.store import InfluxStore

RULES = rules_of('kind = "gamma"\ndays = 14\nmin_days = 7\n')
NETWORK = """
zone = "Asia/Shanghai"
[[station]]
id = "g-1"
name_zh = "甲"
name_en = "A"
city = "210100"
lon = 123.4
lat = 41.8
[[station.instrument]]
id = "gamma1"
network = "rad"
cadence_s = 300
parameters = ["gamma_dose_rate", "rain"]
"""


def test_a_short_record_is_said_and_a_full_one_ends_it(
    own: AlertSettings, influx: InfluxStore, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "gamma.toml"
    path.write_text(NETWORK)
    settings = AlertSettings(**own.model_dump() | {"network": path})
    last = floor_hour(now)
    index = pd.DatetimeIndex([last - timedelta(hours=24 * 9 - number) for number in range(24 * 9)], name="start")
    columns = {"gamma_dose_rate": 60.0 + np.arange(24 * 9) % 3, "rain": np.zeros(24 * 9)}
    counts = {f"{code}__n": np.full(24 * 9, 12.0) for code in columns}
    flags = {f"{code}__flag": np.ones(24 * 9, dtype=np.int8) for code in columns}
    assert not influx.write_hourly("rad", "g-1", pd.DataFrame(columns | counts | flags, index=index)).rejected
    trained = load_gamma(settings, RULES, now)
    assert trained["r0"]["g-1"].level is None
    assert (
        2.0 < trained["r0"]["g-1"].days < 3.0
    )  # nine days, less one that is not over, 20 h for the baseline, five of warm-up
    report_gamma(settings, RULES, trained, now)
    with StateStore(settings.state_url) as state:
        (status,) = state.alerts.get_states().values()
        assert (status.alert_key, status.state.value) == ("operation/training/r0", "firing")
        assert status.transition.evidence["detail"] == f"g-1: {trained['r0']['g-1'].days:.0f}/7 d"
        enough = {"r0": {"g-1": GammaTraining(days=7.0, level=_level())}}
        report_gamma(settings, RULES, enough, now + timedelta(minutes=1))
        assert state.alerts.get_states()[status.alert_key].state.value == "ok"


def _level() -> AlarmLevel:
    return AlarmLevel(dry=1.4, wet=1.4)
