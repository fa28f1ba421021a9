"""Daily means with the usual weather of their season."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.forecast.daily.site_hours import SiteHours
from analysis.forecast.deweather import model, normalise
from analysis.forecast.deweather.model import daily_means
from analysis.forecast.deweather.normalise import DRAWS, WINDOW_D, drawn_places, normalised_days, with_weather_of
from analysis.forecast.deweather.predictor import CALENDAR, Predictors, predictors
from analysis.forecast.deweather.summary import DeweatherError, check_weather, deweathered
from bench.analysis.deweather_trend import drifting_air

YEARS = 3


@pytest.fixture(scope="module")
def air() -> SiteHours:
    """Sources fall by 6 % of the first year's a year, while the wind clears the air more from year to year."""
    return drifting_air(1, years=YEARS, slope=-0.06, drift=0.08)


@pytest.fixture(scope="module")
def data(air: SiteHours) -> Predictors:
    return predictors(air)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller models: three folds, one seed, fewer trees."""
    monkeypatch.setattr(model, "FOLDS", 3)
    monkeypatch.setitem(model._LEVEL, "num_iterations", 150)
    monkeypatch.setitem(model._LEVEL, "learning_rate", 0.06)
    monkeypatch.setattr(model, "_SEEDS", 1)
    monkeypatch.setattr(normalise, "DRAWS", 6)


def test_weather_is_drawn_from_the_season_of_all_years(data: Predictors) -> None:
    places = drawn_places(data, 0)
    season = np.asarray(data.days.day_of_year)
    gap = np.abs(season[places] - season)
    assert np.minimum(gap, 366 - gap).max() <= WINDOW_D + 1
    years = np.asarray(data.days.year)[places[:, 400]]
    assert np.bincount(years - years.min()).min() >= DRAWS // YEARS - 1


def test_season_weekday_and_trend_stay_those_of_the_day(data: Predictors) -> None:
    class Seen:
        def predict(self, network: np.ndarray, local: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
            self.network, self.local = network, local
            return np.zeros(local.shape[:2])

    seen = Seen()
    place = np.roll(np.arange(len(data.days)), 5)
    with_weather_of(seen, data, place)  # type: ignore[arg-type]
    calendar = len(CALENDAR)
    assert data.names[-calendar:] == CALENDAR
    np.testing.assert_array_equal(seen.network[:, -calendar:], data.network[:, -calendar:])
    np.testing.assert_array_equal(seen.network[:, :-calendar], data.network[place, :-calendar])


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_known_trend_is_found_below_a_drift_of_the_weather(air: SiteHours, data: Predictors) -> None:
    found = deweathered(air, data, daily_means(air, "pm25"), "pm25")
    whole = found.places[0]
    assert [item.place for item in found.places] == ["s0"]
    true = -100 * 0.06 / (1 - 0.06 * YEARS / 2)
    assert whole.before.percent is not None
    assert whole.after.percent is not None
    assert abs(whole.after.percent - true) < abs(whole.before.percent - true) / 2
    assert (whole.after.percent_low or 0.0) < true < (whole.after.percent_high or 0.0)
    assert found.r2 is not None
    assert 0.4 < found.r2 < 0.9
    assert found.is_usable
    month = whole.months[5]
    assert month.is_valid
    assert (month.low or 0.0) < (month.normalised or 0.0) < (month.high or 0.0)


@pytest.mark.usefixtures("few")
def test_a_day_without_a_value_has_none_and_changes_its_month_only_by_its_absence() -> None:
    hours = drifting_air(3, years=1, stations=1)
    data, daily = predictors(hours), daily_means(hours, "pm25")
    daily[40:70] = np.nan
    found = normalised_days(data, daily)
    assert np.isnan(found.normalised[40:70]).all()
    assert np.isfinite(found.usual).all()
    np.testing.assert_allclose((found.normalised - found.usual)[100], (daily - found.expected)[100])


def test_less_than_two_years_few_valid_days_and_missing_weather_are_refused(air: SiteHours, data: Predictors) -> None:
    year = drifting_air(2, years=1)
    with pytest.raises(DeweatherError, match=r"2013-01-01 to 2013-12-31: 12 months, 24 are needed"):
        deweathered(year, predictors(year), daily_means(year, "pm25"), "pm25")
    daily = daily_means(air, "pm25")
    daily[300:] = np.nan
    with pytest.raises(DeweatherError, match=r"pm25: 300 valid days in .*, the weather model needs 365"):
        deweathered(air, data, daily, "pm25")
    air_without = SiteHours(
        stations=air.stations, days=air.days, daily=air.daily,
        hourly=air.hourly | {"wind_speed": np.full_like(air.hourly["wind_speed"], np.nan)},
    )  # fmt: skip
    with pytest.raises(DeweatherError, match=r"wind_speed 0%, wind_direction 100%, .* at least 50% of each"):
        check_weather(air_without)
