"""Days side by side give what days one after the other give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.coanalysis.cocontrol.box import run as box_run
from analysis.coanalysis.cocontrol.box.block import DayBlocks, day_blocks
from analysis.coanalysis.cocontrol.model_input import ModelInput, model_input
from analysis.coanalysis.cocontrol.prior import constants_of, draw_logarithms
from tests.analysis.coanalysis.test_cocontrol import ZONE


@pytest.mark.parametrize("days", [5, 6, 7, 12, 30, 31, 90, 92])
def test_every_day_comes_once_and_each_block_after_the_first_has_its_spin_up(days: int) -> None:
    blocks = day_blocks(days)
    day = np.stack([np.arange(24 * blocks.length) + 24 * start for start in blocks.starts for _ in range(3)], axis=1)
    assert blocks.joined(day).tolist() == [[hour] * 3 for hour in range(24 * days)]
    ends = [start + blocks.length for start in blocks.starts]
    assert all(end - later >= 3 for end, later in zip(ends[:-1], blocks.starts[1:], strict=True))
    assert blocks.rows(3).tolist() == [start for start in blocks.starts for _ in range(3)]


def given(days: int = 14) -> ModelInput:
    hour = np.arange(24 * days) % 24
    day = 1.0 + 0.2 * np.sin(np.arange(24 * days) / 37.0)
    light = np.maximum(np.sin((hour - 6.0) / 12.0 * np.pi), 0.0)
    index = pd.date_range("2026-06-01", periods=24 * days, freq="h", tz=ZONE, name="start").tz_convert("UTC")
    values = {
        "no": 6.0 - 4.0 * light, "no2": 40.0 - 20.0 * light, "o3": 50.0 + 90.0 * light * day, "co": 0.6 * day, "so2": 8.0 * day,
        "toluene": 8.0 * day, "propylene": 3.0 * day, "n_butane": 6.0 * day, "sulfate": 8.0 * day, "nitrate": 7.0 * day, "ammonium": 5.0 * day,
    }  # fmt: skip
    return model_input(pd.DataFrame(values, index=index), ZONE)


@pytest.mark.slow
def test_falls_of_blocks_are_those_of_one_run_within_a_thirtieth(monkeypatch: pytest.MonkeyPatch) -> None:
    hours, constant = given(), constants_of(draw_logarithms(np.random.default_rng(3), 8))

    def falls() -> dict[str, np.ndarray]:
        run = box_run.run_box(hours, constant, ("nox", "alkene"), latitude_deg=41.0)
        return {
            name: (value[:, :, :1] - value[:, :, 1:]).mean(axis=0)
            for name, value in (("o3", run.o3), ("nitrate", run.nitrate))
        }

    side_by_side = falls()
    monkeypatch.setattr(box_run, "day_blocks", lambda days: DayBlocks(days=days, length=days, starts=(0,)))
    whole = falls()
    for name, found in side_by_side.items():
        assert np.abs(found - whole[name]).max() < np.abs(whole[name]).max() / 30, name
