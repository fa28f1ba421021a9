"""Composition, stagnation, formation and species that stand out, on hours with known truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.case.case_hours import CaseHours
from analysis.case.case_input import CaseInput
from analysis.case.channel import channels_of
from analysis.case.chemistry.composition import composition_of, middle_mean, resampled
from analysis.case.chemistry.composition import interval as estimate
from analysis.case.chemistry.day_window import day_windows
from analysis.case.chemistry.formation import formation_of
from analysis.case.chemistry.stagnation import stagnation_of
from analysis.case.chemistry.standout import stand_out
from analysis.case.chemistry.statement import chemistry_statements
from schemas.interval import Interval
from schemas.network import Station

START = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAYS, LENGTH = 31, 10
EMITTED = ("no", "no2", "co", "so2", "benzene", "toluene", "m_p_xylene", "ethane", "propane", "bc", "ch4", "zinc")
USUAL = {"pm25": 30.0, "nitrate": 5.0, "sulfate": 4.0, "oc": 5.0, "ec": 1.0, "ammonium": 3.0, "o3": 50.0}


def frame(seed: int, **event: float) -> pd.DataFrame:
    """Hours of a station; ``event`` gives factors of the hours of the event."""
    rng = np.random.Generator(np.random.PCG64(seed))
    index = pd.date_range(
        START - timedelta(days=DAYS), START + timedelta(hours=LENGTH), freq="h", name="start", inclusive="left"
    )
    shared = np.repeat(rng.normal(0.0, 0.2, DAYS + 2), 24)[: len(index)]
    level = {**USUAL, **dict.fromkeys(EMITTED, 10.0), "wind_speed": 3.0, "boundary_layer_height": 600.0}
    inside = index >= pd.Timestamp(START)
    return pd.DataFrame(
        {
            name: value
            * np.exp(shared + rng.normal(0.0, 0.1, len(index)))
            * np.where(inside, event.get(name, 1.0), 1.0)
            for name, value in level.items()
        },
        index=index.as_unit("us"),
    )


def hours(data: pd.DataFrame, parameter: str = "pm25") -> CaseHours:
    station = Station(id="s1", name_en="Station", instruments=())
    end = START + timedelta(hours=LENGTH)
    return CaseHours(
        CaseInput(
            station=station,
            parameter=parameter,
            stations={"s1": station},
            hourly={"s1": data},
            minute={},
            window=Interval(START, end),
            now=end,
            zone=ZoneInfo("Asia/Shanghai"),
        )
    )


def test_parts_and_rest_sum_to_the_excess() -> None:
    found = composition_of(hours(frame(1, pm25=2.5, nitrate=4.0)), seed=1)
    assert found is not None
    assert sum(item.excess.value for item in found.parts) == pytest.approx(found.excess.value)
    assert sum(item.share for item in found.parts) == pytest.approx(1.0)
    assert (found.parts[0].name, found.parts[-1].name) == ("ammonium_nitrate", "rest")
    assert found.hours == LENGTH


def test_a_station_without_components_has_no_composition() -> None:
    assert composition_of(hours(frame(1, pm25=2.5)[["pm25", "co"]]), seed=1) is None


def test_a_value_below_the_usual_level_has_no_composition() -> None:
    assert composition_of(hours(frame(1, pm25=0.3)), seed=1) is None


def test_without_oc_there_is_no_closure_but_a_composition() -> None:
    found = composition_of(hours(frame(1, pm25=2.5).drop(columns="oc")), seed=1)
    assert found is not None
    assert found.closure is None


def test_intervals_of_the_usual_level_hold_the_truth_in_nine_of_ten() -> None:
    rng = np.random.Generator(np.random.PCG64(4101))
    held = []
    for trial in range(150):
        noise = rng.normal(size=1530)
        state = np.zeros_like(noise)
        for at in range(1, len(noise)):
            state[at] = 0.45 * state[at - 1] + np.sqrt(1 - 0.45**2) * noise[at]
        mass = 30 * np.exp(0.5 * state)
        rows = np.stack([mass, 0.25 * mass * np.exp(rng.normal(0.0, 0.3, len(mass)))])
        truth, days = middle_mean(rows[:, 30:]), rows[:, :30]
        for value, draws, true in zip(middle_mean(days), resampled(days, seed=trial), truth, strict=True):
            found = estimate(value, draws)
            held.append(found.low <= true <= found.high)
    assert 0.84 <= np.mean(held) <= 0.95


def test_windows_of_a_long_event_do_not_overlap_it() -> None:
    data = frame(2)
    case_hours = hours(data)
    rows = np.arange(len(case_hours.hours), dtype=float)[None, :]
    found = day_windows(case_hours, np.where(case_hours.inside, 1e6, rows))
    assert found.event[0] == 1e6
    assert np.nanmax(found.days) < 1e6


def test_low_wind_and_a_shallow_layer_are_stagnation() -> None:
    found = stagnation_of(hours(frame(3, wind_speed=0.25, boundary_layer_height=0.4)))
    assert found is not None
    assert found.is_stagnant
    assert found.factor == pytest.approx(10.0, rel=0.3)
    assert found.calm > 5
    usual = stagnation_of(hours(frame(3)))
    assert usual is not None
    assert not usual.is_stagnant


def test_without_wind_nothing_is_said_of_stagnation() -> None:
    assert stagnation_of(hours(frame(3).drop(columns="wind_speed"))) is None


def test_ions_and_gases_that_are_missing_leave_formation_open() -> None:
    found = formation_of(hours(frame(4)[["pm25"]]))
    assert (found.growth, found.nor, found.sor, found.balance, found.night_hours) == (None, None, None, None, 0)


def test_a_species_far_above_what_accumulates_is_found() -> None:
    accumulated = dict.fromkeys(EMITTED, 2.0) | {"toluene": 20.0}
    case_hours = hours(frame(5, pm25=2.0, **accumulated))
    found = stand_out(case_hours, channels_of(case_hours))
    assert found is not None
    assert found.names == ("toluene",)
    assert found.factors[0] == pytest.approx(20.0, rel=0.4)
    assert found.common == pytest.approx(2.0, rel=0.3)


def test_common_accumulation_is_a_second_source_in_few_of_forty_cases() -> None:
    named = 0
    for seed in range(300, 340):
        case_hours = hours(frame(seed, pm25=2.0, **dict.fromkeys(EMITTED, 2.0)))
        named += stand_out(case_hours, channels_of(case_hours)) is not None
    assert named <= 2


def test_a_gas_has_no_statements_of_particle_chemistry() -> None:
    case_hours = hours(frame(6, so2=5.0), "so2")
    assert chemistry_statements(case_hours, channels_of(case_hours), seed=1) == ()
