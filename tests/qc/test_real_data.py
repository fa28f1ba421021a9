"""Raw water quality of the Logan River, with the anomalies that its technicians labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from qc.hourly.mean import aggregate
from qc.native.runner import flag_native
from qc.native.series import Stream
from tests.qc.conftest import SHANGHAI

if TYPE_CHECKING:
    from pathlib import Path

    from qc.limits.thresholds import Thresholds


#: What the loggers wrote where they had no value.
NO_DATA = -9999.0


def test_logan_river_has_no_failed_value_that_technicians_kept(shared_data: Path, thresholds: Thresholds) -> None:
    paths = sorted((shared_data / "logan_river").glob("*.csv.gz"))
    tables = [(path, pd.read_csv(path)) for path in paths]
    tables = [(path, table) for path, table in tables if {"temp", "temp_cor"} <= set(table.columns)]
    if not tables:
        pytest.skip("no Logan River table with raw and corrected temperature")
    for path, table in tables:
        index = pd.DatetimeIndex(pd.to_datetime(table.iloc[:, 0])).tz_localize("UTC").as_unit("us")
        native = pd.DataFrame({"water_temperature": table["temp"].to_numpy(dtype=float)}, index=index)
        assert native.index.is_unique
        stream = Stream(network="eco", station_id="s", instrument_id="a", cadence_s=900, zone=SHANGHAI)
        flagged = flag_native(native, stream, thresholds)
        failed = flagged.combined["water_temperature"] == 4
        kept = pd.Series((table["temp"] == table["temp_cor"]).to_numpy(), index=index).loc[native.index]
        absent = native["water_temperature"].to_numpy() == NO_DATA
        assert not (failed & kept.to_numpy() & ~absent).any(), path.name
        assert failed[absent].all(), path.name
        hours = pd.date_range(native.index[0].floor("h"), native.index[-1], freq="h", unit="us")
        hourly = aggregate(native, flagged.combined, hours, cadence_s=900)
        assert hourly.completeness["water_temperature"].between(0, 1).all()
        assert hourly.frame["water_temperature"].max() <= native["water_temperature"].max()
