from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from console.query.queries import Queries
from schemas.interval import floor_hour
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from store.settings import SharedSettings


@pytest.mark.integration
def test_a_network_without_any_computed_hour_has_no_completeness(settings: SharedSettings) -> None:
    last = floor_hour(datetime.now(UTC)) - timedelta(hours=1)
    index = pd.DatetimeIndex([last], name="start").as_unit("us")
    hours = pd.DataFrame({"o3": [1.0], "o3__n": 60, "o3__flag": np.int8([1]), "o3__completeness": 1.0}, index=index)
    influx = InfluxStore(settings)
    influx.ensure()
    influx.write_hourly("gas", "ln-sy-01", hours)
    with StateStore(settings.state_url) as state:
        state.migrate()
        data = Queries(settings, influx, state).health()
    influx.close()
    (row,) = [row for row in data.rows if row.station.id == "ln-sy-01"]
    assert row.completeness["gas"] is not None
    assert row.completeness["met"] is None
    assert dict(data.by_network)["met"] is None
