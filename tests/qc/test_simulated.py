"""The packaged limits on simulated air: silent while instruments are well, outspoken when they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from qc.native.runner import flag_native
from qc.native.series import Stream
from schemas.frames import STATUS
from sensors.simulator.faults import FaultKind
from sensors.simulator.province import Province
from tests.qc.conftest import SHANGHAI

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds
    from schemas.network import Instrument, Station
    from sensors.simulator.faults import InstrumentFault

START = datetime(2026, 1, 10, tzinfo=UTC)
END = START + timedelta(days=3)


def native(province: Province, station: Station, instrument: Instrument) -> pd.DataFrame:
    readings = list(province.readings(station, instrument))
    index = pd.DatetimeIndex([item.interval.start for item in readings]).as_unit("us")
    frame = pd.DataFrame.from_records([item.values for item in readings], index=index).astype(float)  # noqa: PD011 - of a reading
    for code in {code for item in readings for code in item.status}:
        frame[code + STATUS] = np.array([item.status.get(code) for item in readings], dtype=object)
    return frame[~index.duplicated()].sort_index()


def records(province: Province, thresholds: Thresholds, station_id: str, instrument_id: str) -> pd.DataFrame:
    station = next(item for item in province.stations if item.id == station_id)
    instrument = next(item for item in station.instruments if item.id == instrument_id)
    stream = Stream.of(station_id, instrument, SHANGHAI)
    return flag_native(native(province, station, instrument), stream, thresholds).records


@pytest.mark.parametrize(
    ("station_id", "instrument_id"),
    [("ln-sy-01", "gas1"), ("ln-sy-01", "met1"), ("ln-sy-04", "gamma1"), ("ln-sy-06", "ghg1")],
)
def test_well_instruments_get_no_flag(station_id: str, instrument_id: str, thresholds: Thresholds) -> None:
    province = Province(5, START, END, faults=False).subset(cities=["sy"])
    assert records(province, thresholds, station_id, instrument_id).empty


@pytest.mark.parametrize(
    ("kind", "tests"),
    [
        (FaultKind.STUCK, {"flat_line"}),
        (FaultKind.SPIKE, {"spike", "spike_burst"}),
        (FaultKind.CLOCK_JUMP, {"clock", "gap"}),
        (FaultKind.OUTAGE, {"gap"}),
    ],
)
def test_faults_are_found_where_they_are(kind: FaultKind, tests: set[str], thresholds: Thresholds) -> None:
    province = Province(5, START, END).subset(networks=["gas", "met"])
    fault = next(item for item in province.faults if item.kind is kind)
    found = records(province, thresholds, fault.station_id, fault.instrument_id)
    is_near = {item: near(found, item) for item in province.faults if place(item) == place(fault)}
    assert tests <= set(found.loc[is_near[fault], "test"])
    assert set(found.loc[~np.logical_or.reduce(list(is_near.values())), "test"]) <= {"status"}


def place(fault: InstrumentFault) -> tuple[str, str]:
    return fault.station_id, fault.instrument_id


def near(found: pd.DataFrame, fault: InstrumentFault) -> np.ndarray:
    """Records of a fault's parameters within half an hour of it."""
    margin = pd.Timedelta(minutes=30)
    during = found["start"].between(fault.interval.start - margin, fault.interval.end + margin)
    return (during & ((found["parameter"] == fault.parameter) | (fault.parameter is None))).to_numpy()
