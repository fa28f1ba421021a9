"""What the job gives the hourly tests beside the hours at hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from qc.native.coordinates import coordinates_of
from qc.run import job
from qc.run.context_reader import neighbours
from schemas.interval import Interval
from schemas.network import Instrument, Station
from schemas.reading import Reading
from schemas.words import sentence
from store.influx.store import Bucket, InfluxStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from store.settings import SharedSettings

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NETWORK = network_text(
    station("r1", instrument("g", "rad", 3600, "gamma_dose_rate"), instrument("w", "met", 3600, "rain", "wind_speed"))
)


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


@pytest.mark.integration
def test_rain_of_the_weather_station_and_stored_hours_explain_a_rise(
    placed: SharedSettings, store: InfluxStore
) -> None:
    wet, rises = {90: 4.0}, {90: 25.0, 91: 12.0, 95: 30.0}
    for hour in range(97):
        span = Interval(START + hour * HOUR, START + (hour + 1) * HOUR)
        dose = {"gamma_dose_rate": 60.0 + hour % 3 * 0.3 + rises.get(hour, 0.0)}
        rain = {"rain": wet.get(hour, 0.0), "wind_speed": 2.0}
        readings = [Reading("rad", "r1", "g", span, dose, {}), Reading("met", "r1", "w", span, rain, {})]
        assert store.write_readings(readings).accepted == len(readings)
    for first, last in ((0, 88), (88, 97)):
        for network in ("met", "rad"):
            job.run(placed, network, START + first * HOUR, START + last * HOUR, START + last * HOUR)
    flags = store.read_flags(Bucket.HOURLY, "rad", START, START + 100 * HOUR, "r1")
    recorded = flags[flags["test"] == "dose_rise"].set_index("start")
    assert recorded["flag"].tolist() == [1, 1, 3]
    assert "wash-out" in sentence(recorded["reason"].iloc[0], "en")
    assert "rain 5 h earlier" in sentence(recorded["reason"].iloc[2], "en")
