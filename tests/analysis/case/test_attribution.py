"""Episodes, wind sectors and neighbours."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binomtest

from analysis.case.join_networks import join_station
from analysis.receptor.cpf import cpf, effective_hours, interval
from analysis.receptor.wind import CALM, UNKNOWN, sectors
from analysis.statistics.episode import find_episodes, threshold_on
from qc.angle import vector_mean
from tests.analysis.frames import START, hours, network, province

ZONE = ZoneInfo("Asia/Shanghai")


def test_hours_above_the_threshold_with_short_gaps_are_one_episode() -> None:
    values = hours([10, 61, 70, 10, np.nan, 10, 90, 10, 10, 10, 10, 65, 10])
    first, second = find_episodes(values, "s", "pm25", ZONE)
    assert (first.hours, first.peak, first.start, first.end) == (
        3,
        90,
        START + timedelta(hours=1),
        START + timedelta(hours=7),
    )
    assert second.key == "s/pm25/2026-05-02T03:00Z"
    assert find_episodes(hours([60.0, np.nan]), "s", "pm25", ZONE) == ()


def test_the_threshold_is_that_of_the_date_and_absent_for_other_parameters() -> None:
    assert [getattr(threshold_on("pm25", day), "value", None) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [
        75,
        60,
    ]
    assert threshold_on("benzene", date(2026, 3, 1)) is None


@pytest.mark.parametrize(
    ("direction", "sector"), [(0, 0), (11.2, 0), (11.3, 1), (348.8, 0), (348.7, 15), (270, 12), (360, 0)]
)
def test_sectors_are_centred_on_their_direction(direction: float, sector: int) -> None:
    assert sectors(hours([2.0]), hours([direction])).tolist() == [sector]


def test_calm_and_missing_wind_are_classes_of_their_own() -> None:
    assert sectors(hours([0.2, np.nan, 2.0]), hours([90.0, 90.0, np.nan])).tolist() == [CALM, UNKNOWN, UNKNOWN]


def test_the_cpf_finds_the_sector_with_high_values_and_none_in_noise() -> None:
    rng = np.random.default_rng(1)
    direction = hours(rng.uniform(0, 360, 720))
    sector = sectors(hours([3.0] * 720), direction)
    source = hours(np.where(sector == 4, 80.0, 20.0) + rng.standard_normal(720))
    lead = cpf(source, sector, 50.0).leading()
    assert lead is not None
    assert (lead.sector, lead.rate) == (4, 1.0)
    assert cpf(hours(np.full(720, 20.0)), sector, 50.0).leading() is None


def test_wilson_interval_of_10_of_20() -> None:
    assert interval(10, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert interval(0, 5)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 17), (50, 50)])
def test_the_interval_of_whole_numbers_equals_that_of_scipy(hits: int, n: int) -> None:
    found = binomtest(hits, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert interval(hits, n) == pytest.approx((found.low, found.high), abs=1e-12)


def test_hours_of_correlated_days_have_fewer_effective_hours() -> None:
    together, mixed = np.array([24.0, 0.0, 24.0, 0.0]), np.array([12.0, 12.0, 11.0, 13.0])
    hours_a_day = np.full(4, 24.0)
    assert effective_hours(together, hours_a_day, 0.95) < 4
    assert effective_hours(mixed, hours_a_day, 0.95) > effective_hours(together, hours_a_day, 0.95)
    assert effective_hours(together[:1], hours_a_day[:1], 0.95) == 1.0


def noise(rng: np.random.Generator, memory: float, count: int = 720) -> np.ndarray:
    """AR(1) of unit variance, after a start that is left out."""
    steps = np.sqrt(1 - memory**2) * rng.standard_normal(count + 300)
    return lfilter([1.0], [1.0, -memory], steps)[300:]


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.8, 0.95])
def test_independent_noise_has_a_named_direction_in_at_most_one_of_twenty_trials(memory: float) -> None:
    named = 0
    for seed in range(100):
        rng = np.random.default_rng([seed, int(100 * memory)])
        east, north = 2 * noise(rng, 0.9) + 1, 2 * noise(rng, 0.9)
        values = hours(30 * np.exp(0.6 * noise(rng, memory)))
        wind = hours(np.hypot(east, north)), hours(np.rad2deg(np.arctan2(east, north)) % 360)
        named += cpf(values, sectors(*wind), float(values.quantile(0.75))).leading() is not None
    assert named <= 5


def test_ten_days_are_too_few_to_name_a_sector_however_clear() -> None:
    sector = sectors(hours([3.0] * 240), hours(np.random.default_rng(1).uniform(0, 360, 240)))
    table = cpf(hours(np.where(sector == 4, 80.0, 20.0)), sector, 50.0)
    assert table.is_testable is False
    assert table.leading() is None


@pytest.mark.parametrize(("speeds", "directions"), [((1, 1), (90, 270)), ((0, 0), (0, 120)), ((0, 0), (360, 360))])
def test_calm_and_opposite_winds_have_no_mean_direction(speeds: tuple[int, int], directions: tuple[int, int]) -> None:
    assert np.isnan(vector_mean(np.array(directions, dtype=float), np.array(speeds, dtype=float)))


def test_north_is_0_and_not_360() -> None:
    speed = np.array([2.0, 2.0])
    assert vector_mean(np.array([360.0, 360.0]), speed) == pytest.approx(0.0, abs=1e-9)
    assert vector_mean(np.array([350.0, 10.0]), speed) == pytest.approx(0.0, abs=1e-9)


def test_voc_of_a_nearby_station_are_borrowed_and_named() -> None:
    frames, stations = province(days=3), network()
    data = join_station(stations.stations["st-1"], frames, stations)
    far = join_station(stations.stations["st-4"], frames, stations)
    assert data is not None
    assert far is not None
    assert data.borrowed["voc"][0] == "st-0"
    assert "toluene" in data.hourly
    assert "voc" not in far.borrowed
