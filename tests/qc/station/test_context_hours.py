"""Which hours a station gets besides those of the run."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from qc.native.coordinates import coordinates_of
from qc.station.context_hours import ContextHours, codes_of_others, neighbours
from schemas.network import Instrument, Station

START = datetime(2026, 6, 1, tzinfo=UTC)


def rad_station(name: str, lon: float | None, lat: float | None) -> Station:
    gauge = Instrument(id="g", network="rad", cadence_s=3600, parameters=("gamma_dose_rate",))
    return Station(id=name, instruments=(gauge,), lon=lon, lat=lat)


def test_neighbours_are_near_and_the_nearest_first() -> None:
    here = rad_station("a", 123.0, 41.0)
    others = [
        rad_station("far", 126.0, 41.0),
        rad_station("b", 123.0, 41.5),
        rad_station("c", 123.0, 41.2),
        rad_station("d", None, None),
    ]
    assert [item.id for item in neighbours(here, [here, *others])] == ["c", "b"]
    assert neighbours(others[-1], [here, *others]) == []
    assert coordinates_of(others[-1]) is None


def test_rain_comes_from_another_network_where_the_station_has_no_other() -> None:
    gauge = Instrument(id="w", network="met", cadence_s=60, parameters=("rain", "wind_speed"))
    here = rad_station("a", 123.0, 41.0)
    with_rain = Station(id="a", instruments=(*here.instruments, gauge))
    index = pd.date_range(START, periods=2, freq="h", unit="us", name="start")
    rain = pd.DataFrame({"rain": [0.0, 2.0], "rain__n": 60, "rain__flag": np.int8(1)}, index=index)
    hours = ContextHours(network="rad", start=START, stations=(with_rain,), others={"met": {"a": rain}})
    assert codes_of_others(with_rain, "rad") == {"met": {"rain"}}
    assert hours.other_networks(here) is None
    found = hours.other_networks(with_rain)
    assert found is not None
    assert found["rain"].tolist() == [0.0, 2.0]
