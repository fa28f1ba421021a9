"""Formaldehyde that is emitted goes with the tracer; what the chemistry makes is no emission."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.coanalysis.cocontrol.box.block import day_blocks
from analysis.coanalysis.cocontrol.box.budget import LayerExchange, advance_gases
from analysis.coanalysis.cocontrol.box.column import box_setting, start_column
from analysis.coanalysis.cocontrol.box.emission import carbonyl_emission
from analysis.coanalysis.cocontrol.box.forcing import rates_by_hour
from analysis.coanalysis.cocontrol.prior import constants_of, draw_logarithms
from tests.analysis.coanalysis.test_day_block import given

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.model_input import ModelInput

DAYS = 5
DILUTION_S1 = 1.0 / 36000.0
RATIO = 0.02


def followed(source: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level that a source by hour [ppb h⁻¹] gives where dilution alone takes it away; outside it is half the 5th percentile."""
    level = [float(source.mean()) / (3600.0 * DILUTION_S1)]
    for value in source[1:]:
        level.append((level[-1] + value) / (1.0 + 3600.0 * DILUTION_S1))
    return np.array(level) + np.percentile(level, 5)


def with_carbonyl(made: float) -> ModelInput:
    """CO of two peaks of traffic; formaldehyde of the same emission, and `made` [ppb h⁻¹] of it at noon."""
    hours = given(DAYS)
    traffic = (
        20.0 + 60.0 * np.exp(-(((hours.hour - 8.0) / 2.0) ** 2)) + 60.0 * np.exp(-(((hours.hour - 19.0) / 2.0) ** 2))
    )
    noon = made * np.exp(-(((hours.hour - 11.0) / 1.5) ** 2))
    series = hours.series | {"co": followed(traffic), "formaldehyde": followed(RATIO * traffic + noon)}
    return replace(hours, series=series)


def constants() -> dict[str, NDArray[np.float64]]:
    found = {name: np.ones(2) for name in constants_of(draw_logarithms(np.random.default_rng(1), 2))}
    return found | {"dilution_day": np.full(2, DILUTION_S1), "dilution_night": np.full(2, DILUTION_S1)}


@pytest.mark.parametrize("made", [0.0, 2.0])
def test_emission_follows_the_tracer_whatever_is_made_at_noon(made: float) -> None:
    hours = with_carbonyl(made)
    emitted = carbonyl_emission(hours, constants(), np.ones((24 * DAYS, 2)))["formaldehyde"]
    by_hour = 3600.0 * emitted[:, 0].reshape(DAYS, 24).mean(axis=0)
    expected = RATIO * (20.0 + 60.0 * (np.exp(-(((12.0 - 8.0) / 2.0) ** 2))))
    assert by_hour.min() > 0.0
    assert by_hour[12] == pytest.approx(expected, rel=0.25)
    assert by_hour[12] < 0.4 * by_hour[19]


def test_without_carbonyls_nothing_is_emitted() -> None:
    assert carbonyl_emission(given(DAYS), constants(), np.ones((24 * DAYS, 2))) == {}


def test_a_cut_takes_its_part_of_the_emission_and_none_of_what_is_made() -> None:
    hours, constant = with_carbonyl(2.0), constants()
    setting = box_setting(hours, constant, ("ovoc",), 41.0, day_blocks(DAYS))
    state = start_column(hours, setting)
    zero = np.zeros(setting.shape)
    mixing = LayerExchange(exchange=zero[:, :1], grown=zero[:, :1], left=zero[:, :1], shallow=zero[:, :1])
    now = rates_by_hour(hours, 41.0).of_rows(setting.first_step)
    advance_gases(setting, state, now, setting.first_step, (0.0 * state.voc, zero, zero, mixing))
    base, cut = state.gas["formaldehyde"][0]
    assert base - cut == pytest.approx(0.2 * 1200.0 * setting.emitted["formaldehyde"][0, 0], rel=0.05)
