from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.detector.feature import prepare, robust_deviation
from qc.detector.scoring import EVENT_FIGURES, STATE_FIGURES, prepare_sonde
from tests.qc.detector.sonde import PER_HOUR, PRIORS, river

SPAN = (-5.0, 40.0)


def figures_of(sonde: dict[str, np.ndarray], code: str = "water_temperature") -> object:
    return prepare_sonde(sonde, PRIORS, per_hour=PER_HOUR)[code][2]


def test_every_figure_that_a_model_takes_is_made() -> None:
    assert {*EVENT_FIGURES, *STATE_FIGURES} <= set(figures_of(river(3)).columns)


def test_a_spike_has_a_high_figure_and_its_neighbours_do_not() -> None:
    sonde = river(10)
    sonde["water_temperature"][300] += 5
    table = figures_of(sonde)
    assert table["spike"][300] > 20
    assert table["spike"].drop(300).max() < 8
    assert table["residual_24h"][300] > table["residual_24h"].drop(300).max()


def test_repeated_values_make_a_long_run() -> None:
    sonde = river(10)
    sonde["water_temperature"][300:350] = 9.0
    assert figures_of(sonde)["run"][320] == pytest.approx(np.log(50), abs=0.05)


def test_impossible_values_take_no_part_in_the_background() -> None:
    sonde, spoilt = river(10), river(10)
    spoilt["water_temperature"][300:304] = -9999
    assert figures_of(spoilt)["residual_24h"][310] == pytest.approx(figures_of(sonde)["residual_24h"][310], abs=0.1)
    assert np.isnan(figures_of(spoilt)["residual_24h"][301])


def test_figures_do_not_depend_on_the_unit() -> None:
    sonde = river(10)
    scaled = {"water_temperature": sonde["water_temperature"] / 2 + 1}
    one, other = figures_of({"water_temperature": sonde["water_temperature"]}), figures_of(scaled)
    for name in ("residual_24h", "spike", "noise_3h", "range_day"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-3, atol=1e-3)


def test_oxygen_over_its_solubility_is_seen_only_in_oxygen() -> None:
    sonde = river(20)
    sonde["dissolved_oxygen"][900:1400] += 2
    saturation = figures_of(sonde, "dissolved_oxygen")["saturation_day"]
    assert saturation[1150] > 0.1 > saturation[300]
    assert figures_of(sonde, "turbidity")["saturation_day"].isna().all()


def test_frost_is_seen_by_the_others() -> None:
    sonde = river(20)
    sonde["water_temperature"][900:1400] = 0.0
    frost = figures_of(sonde, "turbidity")["frost_day"]
    assert frost[1150] == 1.0
    assert frost[300] == 0.0


@pytest.mark.parametrize(
    "values",
    [np.array([]), np.array([1.0]), np.full(300, np.nan), np.full(300, 7.0), np.full(300, -9999.0)],
    ids=["empty", "single", "missing", "constant", "impossible"],
)
def test_a_series_without_life_has_figures(values: np.ndarray) -> None:
    assert len(figures_of({"water_temperature": values})) == len(values)


def test_the_noise_is_never_below_half_the_resolution() -> None:
    values = np.repeat([1.0, 1.5, 1.0, 1.5], 50)
    assert prepare(values, SPAN, PER_HOUR, skewed=False).noise == 0.25


def test_the_robust_deviation_is_the_normal_one_and_bears_outliers() -> None:
    values = np.random.default_rng(1).normal(3, 2, 5000)
    values[:200] = 1e6
    assert robust_deviation(values) == pytest.approx(2, rel=0.1)
    assert robust_deviation(np.array([])) == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=120))
def test_any_series_has_a_row_of_figures_for_each_value(values: list[float]) -> None:
    assert len(figures_of({"water_temperature": np.array(values, dtype=float)})) == len(values)
