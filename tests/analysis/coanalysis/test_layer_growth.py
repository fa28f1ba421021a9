"""Growth of the mixed layer dilutes every gas of the box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.coanalysis.cocontrol.box.block import day_blocks
from analysis.coanalysis.cocontrol.box.budget import LayerExchange, advance_gases
from analysis.coanalysis.cocontrol.box.column import AirColumn, box_setting, start_column
from analysis.coanalysis.cocontrol.box.forcing import STEP_S, rates_by_hour
from analysis.coanalysis.cocontrol.prior import constants_of, draw_logarithms
from tests.analysis.coanalysis.test_day_block import given

GROWN_S1 = 1.2e-4


def midnight_step(grown_s1: float) -> AirColumn:
    """One step without light, wind or air outside; toluene falls as `GROWN_S1` dilutes it; its source is cut in the second scenario."""
    hours, constant = given(5), constants_of(draw_logarithms(np.random.default_rng(3), 4))
    blocks = day_blocks(hours.days)
    setting = box_setting(hours, constant, ("aromatic",), 41.0, blocks)
    fallen = [
        series * np.array([1.0, *[1.0 / (1.0 + STEP_S * GROWN_S1)] * (len(series) - 1)]) for series in setting.voc_steps
    ]
    setting = replace(setting, voc_steps=fallen, voc_outside=[0.0 * level for level in setting.voc_outside])
    state = start_column(hours, setting)
    now = rates_by_hour(hours, 41.0).of_rows(setting.first_step)
    zero = np.zeros(setting.shape)
    mixing = LayerExchange(exchange=zero[:, :1], grown=zero[:, :1] + grown_s1, left=zero[:, :1], shallow=zero[:, :1])
    advance_gases(setting, state, now, setting.first_step, (0.0 * state.voc, zero, zero, mixing))
    return state


def test_a_level_that_falls_by_growth_alone_has_no_source_to_cut() -> None:
    for level in midnight_step(GROWN_S1).voc:
        assert level[:, 1] == pytest.approx(level[:, 0])


def test_growth_dilutes_what_the_chemistry_makes() -> None:
    still, grown = (midnight_step(growth).gas["dicarbonyl"] for growth in (0.0, GROWN_S1))
    assert grown / still == pytest.approx(1.0 / (1.0 + STEP_S * GROWN_S1), rel=1e-2)
