"""Width of intervals with weather ahead, measured on archived weather forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.forecast.hourly.archive import ArchivedRun, archived_pairs, widening, with_archived_weather
from analysis.forecast.hourly.feature import FeatureMaker
from analysis.forecast.hourly.grid import LAST_LEAD_H, WEATHER, HourGrid
from analysis.forecast.hourly.model import WIDENING
from analysis.forecast.hourly.training import train
from tests.analysis.forecast.hourly.air import QUICK, grid

pytestmark = pytest.mark.slow
ONLY = replace(QUICK, targets=("pm25",), trees=150)


def runs(known: HourGrid, days: int, error: float) -> list[ArchivedRun]:
    """A run a day whose wind errs by so much of its spread, more with the lead."""
    rng = np.random.default_rng(7)
    found = []
    for day in range(2, 2 + days):
        ahead = known.ahead[:, 24 * day : 24 * day + LAST_LEAD_H].copy()
        wind = WEATHER.index("wind_speed")
        growing = np.linspace(0, 1, LAST_LEAD_H)[:, None] * error * np.nanstd(known.ahead[wind])
        ahead[wind] += growing * rng.normal(size=(1, ahead.shape[2]))
        found.append(ArchivedRun(24 * day, ahead.astype(np.float32)))
    return found


def test_weather_that_erred_widens_the_far_leads_and_weather_that_did_not_nothing() -> None:
    known = grid(80)
    found = []
    for error in (0.0, 3.0):
        model = train(known, before=known.hours[-1], options=ONLY, levels={}, archive=runs(known, 65, error))
        assert model is not None
        found.append(model.targets["pm25"])
    right, wrong = found
    assert (right.widening_days, right.basis) == (65, "archived_weather")
    assert max(right.widening) < 1.15
    assert wrong.widening[-1] > 1.2
    assert wrong.widening[-1] > wrong.widening[0]
    # thirty days do not say how much weather errs
    pairs, _ = archived_pairs(known, runs(known, 30, 3.0), len(known.hours))
    assert widening(right, np.full(len(pairs), 9.0), np.ones(len(pairs)), pairs) == (WIDENING, 0)


def test_features_take_the_weather_of_the_run_from_its_origin_on() -> None:
    known = grid(10)
    same, other = runs(known, 4, 0.0), runs(known, 4, 2.0)
    pairs, owner = archived_pairs(known, same, 9 * 24)
    assert pairs.weather.all()
    assert set(owner.tolist()) == {0, 1, 2, 3}
    assert (pairs.row + pairs.lead <= 9 * 24).all()
    matrix, names = FeatureMaker(known).matrix("pm25", pairs, is_seasonal=False)
    again = with_archived_weather(matrix, names, known, same, (pairs, owner))
    np.testing.assert_allclose(again, matrix, rtol=1e-4, atol=1e-4)
    changed = with_archived_weather(matrix, names, known, other, (pairs, owner))
    differs = {
        name
        for name, column in zip(names, (np.nan_to_num(changed) != np.nan_to_num(again)).any(axis=0), strict=True)
        if column
    }
    assert differs == {"ahead_wind_speed_3h", "ahead_wind_speed_24h"}


def test_a_run_that_lacks_what_stations_observe_gives_no_pairs() -> None:
    known = grid(10)
    (run,) = runs(known, 1, 0.0)
    run.ahead[WEATHER.index("temperature")] = np.nan
    assert len(archived_pairs(known, [run], 9 * 24)[0]) == 0
