"""Excess of a plume from all stations that it reaches."""

from __future__ import annotations

import numpy as np

from analysis.case.background import background_of
from analysis.case.case_hours import CaseHours, mean_of
from analysis.case.channel import channels_of
from analysis.case.plume_excess import background_levels, mean_excess, pooled_excess
from tests.analysis.case.test_assembly import computed, given

GASES_ONLY = 17
"""Seed of a plume of a fire at a station of gases and particle mass whose neighbours measure VOC and particles too."""


def pooled(seed: int) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    """Excess at the station, and that with the neighbours."""
    case_hours = CaseHours(given(seed))
    channels = channels_of(case_hours)
    found = background_of(channels.deviation, case_hours.before, case_hours.inside)
    level, weight = background_levels(channels, found, case_hours.inside)
    own = mean_excess(channels, level, weight, mean_of(channels.value[:, 0][:, case_hours.inside]))
    return own, pooled_excess(case_hours, channels, own)[0]


def test_neighbours_in_the_plume_give_species_that_the_station_does_not_measure() -> None:
    own, found = pooled(GASES_ONLY)
    assert len(found) > 2 * len(own)
    assert found["pm25"] == own["pm25"]
    assert all(np.isfinite(pair).all() for pair in found.values())


def test_a_station_of_gases_names_the_source_by_its_neighbours() -> None:
    kinds = [item.kind for item in computed(GASES_ONLY).sources if item.kind != "background"]
    assert kinds[0] == "biomass"
