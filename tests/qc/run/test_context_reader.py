"""Stored hours and other networks reach the hourly tests of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from qc.run import job
from schemas.interval import Interval
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
