"""Parts of a case file: hours of minutes, background, kinds, sources."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.case.assembly import case_file
from analysis.case.background import background_of
from analysis.case.case_file import Estimate, EventKind, KindShare, SourceShare
from analysis.case.case_hours import CaseHours, moving_mean
from analysis.case.case_statement import answer_statement, fault_statement, kind_statements
from analysis.case.kind.change import changes_of
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.minute_shape import minute_shape
from analysis.case.kind.ordinary import ordinary_share
from analysis.case.kind.probability import KindAnswer, WeighedFeature, kind_of, weigh_features
from analysis.case.kind.weights import weight_file
from analysis.case.minute_hour import hours_of_minutes
from analysis.case.sources import _of_parameter
from analysis.receptor.source_library import SourceProbability
from analysis.receptor.source_library.apportion import Apportionment
from schemas.interval import Interval
from sensors.simulator.labelled import noise_event
from tests.analysis.case.test_assembly import HAZE, PLUME, computed, given, of_event


def minutes(**columns: list[float]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    index = pd.date_range("2026-05-01T00:58", periods=count, freq="min", tz="UTC", name="start")
    return pd.DataFrame(columns, index=index)


def test_minutes_are_averaged_by_hour_from_three_values_on() -> None:
    found = hours_of_minutes(minutes(so2=[9.0, 9.0, 1.0, 2.0, 3.0]))
    assert np.isnan(found["so2"].iloc[0])
    assert found["so2"].iloc[1] == 2.0
    assert list(found.index) == list(pd.to_datetime(["2026-05-01T00:00Z", "2026-05-01T01:00Z"]))


def test_an_hour_of_which_one_network_is_known_takes_the_others_from_minutes() -> None:
    plume = given(PLUME)
    name, last = plume.station.id, pd.Timestamp(plume.window.end) - pd.Timedelta(hours=1)
    hourly = plume.hourly[name].copy()
    wind = [item for item in hourly if str(item).startswith("wind_")]
    hourly[wind] = hourly[wind].astype(float)
    hourly.loc[last, wind] = np.nan
    index = pd.date_range(last, periods=60, freq="min", name="start")
    minute = pd.DataFrame({"wind_speed": 3.0, "wind_direction": 90.0, plume.parameter: 1.0}, index=index)
    case_hours = CaseHours(replace(plume, hourly={**plume.hourly, name: hourly}, minute={name: minute}))
    at = case_hours.hours.get_loc(last)
    assert case_hours.row(name, "wind_direction")[at] == pytest.approx(90.0)
    assert case_hours.row(name, plume.parameter)[at] == hourly.loc[last, plume.parameter]
    assert list(case_hours.partial[name].index) == [last]


def test_wind_directions_about_north_average_to_north() -> None:
    found = hours_of_minutes(minutes(wind_direction=[0, 0, 350.0, 10.0, 350.0, 10.0], wind_speed=[1.0] * 6))
    assert found["wind_direction"].iloc[1] == pytest.approx(0.0, abs=1e-6)


def test_no_minutes_make_no_hours() -> None:
    assert hours_of_minutes(minutes(so2=[1.0]).iloc[:0]).empty


def test_a_mean_needs_half_of_its_hours() -> None:
    assert moving_mean(np.array([[1.0, np.nan, np.nan, 5.0, 7.0]]), 2)[0].tolist()[1:] == pytest.approx(
        [np.nan, 5.0, 6.0], nan_ok=True
    )


@pytest.mark.parametrize("reached", [0, 3, 5])
def test_the_interval_of_the_background_holds_the_truth(reached: int) -> None:
    held = []
    for seed in range(60):
        rng = np.random.Generator(np.random.PCG64(seed))
        shared, own = rng.normal(0, 0.3, (1, 1, 400)), rng.normal(0, 0.1, (1, 7, 400))
        deviation, inside = shared + own, np.arange(400) >= 396
        truth = float(deviation[0, 0, 396:].mean())
        deviation[0, : reached + 1, 396:] += rng.exponential(0.8, (reached + 1, 1)) + 0.3
        found = background_of(deviation, ~inside, inside)
        low, high = np.interp([0.05, 0.95], np.cumsum(found.weight[0]), found.grid[0])
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.8


def test_without_neighbours_the_background_is_the_history_itself() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    deviation, inside = rng.normal(0, 0.3, (1, 1, 400)), np.arange(400) >= 396
    deviation[0, 0, 396:] += 2.0
    found = background_of(deviation, ~inside, inside)
    mean = float((found.grid * found.weight).sum())
    assert abs(mean) < 0.3
    assert np.sqrt(float(((found.grid - mean) ** 2 * found.weight).sum())) > 0.05


def regional(value: float) -> dict[str, Feature]:
    return {"regional_particles": Feature(value=value, figures={}), "length": Feature(value=0.8, figures={})}


def test_a_regional_rise_of_coarse_particles_is_dust_and_of_fine_ones_haze() -> None:
    assert [kind_of(regional(1.0), share).kind for share in (0.9, 0.2, None)] == [
        EventKind.DUST,
        EventKind.HAZE,
        EventKind.HAZE,
    ]


def test_the_weights_and_the_prior_are_the_log_odds() -> None:
    found = kind_of(regional(1.0))
    first, second = found.shares[:2]
    unsure = weight_file().unsure / len(weight_file().kind)
    odds = np.log((first.probability - unsure) / (second.probability - unsure))
    assert found.prior + sum(item.weight for item in found.features) == pytest.approx(odds, abs=1e-6)


def test_readings_that_step_as_ordinary_air_are_no_evidence_for_a_fault() -> None:
    features = regional(1.0) | {"rough": Feature(value=0.1, figures={}, usual=0.1)}
    rough = next(item for item in weigh_features(features, EventKind.FAULT, EventKind.HAZE) if item.name == "rough")
    assert rough.weight == 0.0
    found, plain = kind_of(features), kind_of(regional(1.0))
    odds = np.log((found.shares[0].probability - 0.005) / (found.shares[1].probability - 0.005))
    assert found.prior + sum(item.weight for item in found.features) == pytest.approx(odds, abs=1e-6)
    assert found.prior != plain.prior


def test_neighbours_that_do_not_rise_would_turn_a_haze() -> None:
    changes = changes_of(regional(1.0), None, ("regional_particles",))
    kinds = {item.what: item.kind for item in changes}
    assert kinds["all_rise"] is EventKind.HAZE
    assert kinds["none_rises"] is not EventKind.HAZE


def test_evidence_for_one_kind_is_evidence_against_the_other() -> None:
    one, other = (
        weigh_features(regional(1.0), *pair)
        for pair in ((EventKind.HAZE, EventKind.FAULT), (EventKind.FAULT, EventKind.HAZE))
    )
    assert [item.weight for item in one] == pytest.approx([-item.weight for item in other])


def test_a_haze_is_not_divided_into_sources() -> None:
    assert {item.kind for item in computed(HAZE).sources} == {"background", "unnamed"}
    assert any(item.key == "case.sources.above_usual" for item in computed(HAZE).statements)


def test_the_window_may_begin_within_an_hour() -> None:
    window = given(PLUME).window
    assert isinstance(window, Interval)
    assert computed(PLUME).peak.hours == len(pd.date_range(window.start, window.end, freq="h", inclusive="left"))


def test_without_neighbours_haze_is_likelier_than_with_quiet_ones() -> None:
    alone = kind_of({"length": Feature(value=0.8, figures={})}, without="regional_particles")
    quiet = kind_of(regional(0.0))
    haze = [next(item.probability for item in found.shares if item.kind is EventKind.HAZE) for found in (quiet, alone)]
    assert haze[0] < haze[1]
    assert sum(item.probability for item in alone.shares) == pytest.approx(1.0)


def test_a_rise_within_the_ordinary_differences_is_neither_a_plume_nor_a_fault() -> None:
    features = regional(0.1) | {"companions": Feature(value=0.3, figures={})}
    found = kind_of(features, z_score=1.0)
    assert found.kind is EventKind.UNKNOWN
    assert found.shares[-1].kind is EventKind.UNKNOWN
    assert sum(item.probability for item in found.shares) == pytest.approx(1.0)
    assert kind_of(features, z_score=30.0).kind is not EventKind.UNKNOWN


def test_chance_goes_to_the_regional_kinds_where_the_neighbours_rise_too() -> None:
    def haze(rise: float, z_score: float) -> float:
        shares = kind_of(regional(rise), z_score=z_score).shares
        return next(item.probability for item in shares if item.kind is EventKind.HAZE)

    assert haze(0.7, 0.5) > haze(0.7, float("nan"))
    assert haze(0.1, 0.5) == pytest.approx(haze(0.1, float("nan")))


def test_weak_wind_and_length_are_no_signs_of_a_fault() -> None:
    features = [WeighedFeature(name=name, weight=2.0, figures={"hours": 5}) for name in ("length", "stagnation")]
    assert fault_statement(0.4, features).key == "case.fault.nothing"
    ramp = WeighedFeature(name="ramp", weight=1.0, figures={"hours": 5, "share": 0.8})
    assert [item.key for item in fault_statement(0.4, [*features, ramp]).details] == ["case.kind.ramp"]


@pytest.mark.parametrize("names", [("rough", "unrest"), ("flat",), ("flagged",), ("status",)])
def test_readings_that_no_air_gives_are_no_chance(names: tuple[str, ...]) -> None:
    assert ordinary_share({name: Feature(value=1.0, figures={}) for name in names}, 1.0) == 0.0


def test_one_place_upwind_makes_chance_less_probable() -> None:
    features = {"companions": Feature(value=0.5, figures={})}
    upwind = features | {"one_side": Feature(value=1.0, figures={})}
    assert ordinary_share(upwind, 3.0) < ordinary_share(features, 3.0)


def test_an_instrument_that_is_always_rough_may_rise_by_chance() -> None:
    features = {"rough": Feature(value=0.5, figures={}), "companions": Feature(value=0.2, figures={})}
    assert ordinary_share(features, 1.0) > 0.7


def test_without_a_known_deviation_nothing_is_said_of_chance() -> None:
    assert ordinary_share({}, float("nan")) == 0.0


def test_evidence_for_haze_is_not_stated_against_dust_which_has_the_same_weights() -> None:
    found = kind_of(regional(1.0), 0.4)
    ranked = (found.shares[0], KindShare(kind=EventKind.DUST, probability=0.2), *found.shares[1:])
    stated = kind_statements(msgspec.structs.replace(found, shares=ranked))
    assert ranked[0].kind is EventKind.HAZE
    assert all("dust" not in item.text("en") for item in stated)


def test_a_station_alone_is_compared_with_its_own_days() -> None:
    features = {"companions": Feature(value=0.2, figures={})}
    small, large = (kind_of(features, without="regional_gases", z_score=z_score) for z_score in (0.5, 30.0))
    assert small.shares[-1].kind is EventKind.UNKNOWN
    assert large.kind is not EventKind.UNKNOWN
    answer = answer_statement(given(PLUME).station, "so2", small, None, (), alone=True)
    assert answer.key == "case.answer.ordinary_alone"
    assert all("neighbouring" not in item.text("en") for item in (answer, *kind_statements(small)))


def test_noise_is_called_neither_a_plume_nor_a_fault_with_confidence() -> None:
    for seed in (20, 21, 22):
        found = case_file(of_event(noise_event(seed)))
        sure = [item for item in found.kinds if item.kind in {EventKind.PLUME, EventKind.FAULT}]
        assert max(item.probability for item in sure) < weight_file().least_probability
        assert found.kind not in {EventKind.PLUME, EventKind.FAULT}


@pytest.mark.parametrize(
    ("named", "rest", "words"),
    [(80.0, 2.0, "source very probably"), (45.0, 35.0, "source possibly"), (30.0, 50.0, None)],
)
def test_the_first_line_is_no_surer_of_the_source_than_its_share(named: float, rest: float, words: str | None) -> None:
    percents = {"background": 100 - named - rest, "coal": named, "unnamed": rest}
    shares = [SourceShare(kind=kind, percent=Estimate(value=x, low=0.0, high=x)) for kind, x in percents.items()]
    plume = kind_of({"companions": Feature(value=1.0, figures={})})
    text = answer_statement(given(PLUME).station, "so2", plume, None, shares).text("en")
    assert ("source" in text) is (words is not None)
    assert (words or "") in text


def test_a_rise_that_the_neighbours_share_is_not_called_an_ordinary_difference() -> None:
    shares = tuple(
        KindShare(kind=kind, probability=part)
        for kind, part in ((EventKind.HAZE, 0.44), (EventKind.FAULT, 0.06), (EventKind.UNKNOWN, 0.5))
    )
    shared = WeighedFeature(name="regional_particles", weight=6.0, figures={"share": 0.95})
    found = KindAnswer(kind=EventKind.UNKNOWN, shares=shares, prior=0.0, features=(shared,))
    assert answer_statement(given(HAZE).station, "pm25", found, None, ()).key == "case.answer.unknown"
    apart = msgspec.structs.replace(shared, figures={"share": 0.1})
    found = KindAnswer(kind=EventKind.UNKNOWN, shares=shares, prior=0.0, features=(apart,))
    assert answer_statement(given(HAZE).station, "pm25", found, None, ()).key == "case.answer.ordinary"


def test_instruments_that_do_not_share_a_fault_speak_for_a_plume() -> None:
    base = {"steady": Feature(value=0.9, figures={}), "companions": Feature(value=0.6, figures={})}
    others = {"other_instruments": Feature(value=1.0, figures={"names": "vanadium,nickel", "least": 9.0})}
    before, after = (
        {item.kind: item.probability for item in kind_of(found, z_score=6.0).shares} for found in (base, base | others)
    )
    assert before[EventKind.FAULT] > 0.3
    assert after[EventKind.FAULT] < before[EventKind.FAULT] / 5
    assert after[EventKind.PLUME] > before[EventKind.PLUME]


def test_neighbours_that_rise_too_speak_against_a_fault() -> None:
    base = {
        "steady": Feature(value=0.6, figures={}),
        "rough": Feature(value=0.3, figures={}),
        "regional_particles": Feature(value=0.66, figures={"stations": 8}),
        "some_neighbours": Feature(value=0.47, figures={}),
        "companions": Feature(value=0.4, figures={}),
    }
    shared = {"shared_rise": Feature(value=0.9, figures={"stations": 8, "risen": 8, "share": 0.66})}
    before, after = (
        {item.kind: item.probability for item in kind_of(found, z_score=6.0).shares} for found in (base, base | shared)
    )
    assert before[EventKind.FAULT] > 0.5 > after[EventKind.FAULT]
    (weighed,) = weigh_features(shared, EventKind.FAULT, EventKind.PLUME)
    assert weighed.weight < 0


def test_probabilities_of_kinds_sum_to_one_where_chance_is_next_to_nothing() -> None:
    features = {"companions": Feature(value=1.0, figures={})}
    for z_score in (1.0, 4.0, 6.0, 8.0, 10.0):
        assert sum(item.probability for item in kind_of(features, z_score=z_score).shares) == pytest.approx(1.0)


def test_a_kind_that_explains_next_to_nothing_of_the_parameter_is_not_its_source() -> None:
    kinds = tuple(SourceProbability(kind=name, probability=part) for name, part in (("steel", 0.9), ("landfill", 0.1)))
    found = Apportionment(
        sources=kinds,
        named="steel",
        seen=("ch4",),
        compared=5,
        explained={"steel": {"ch4": 0.03}, "landfill": {"ch4": 0.9}},
        accumulated={},
        relative_error={},
    )
    ranked = {item.kind: item.probability for item in _of_parameter(found, "ch4")}
    assert "steel" not in ranked
    assert ranked["landfill"] > 0.5


def test_an_instrument_that_is_as_rough_as_usual_shows_no_fault() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    plume, name = replace(given(PLUME), parameter="so2"), "so2"
    at = pd.date_range(
        pd.Timestamp(plume.window.start) - pd.Timedelta("6h"), plume.window.end, freq="min", name="start"
    )
    noisy = pd.DataFrame({name: rng.normal(50.0, 3.0, len(at))}, index=at)
    shape = minute_shape(replace(plume, minute={plume.station.id: noisy}))
    assert shape is not None
    assert shape.rough == pytest.approx(1.1, abs=0.15)
    assert shape.usual_rough == pytest.approx(1.1, abs=0.15)


def test_a_plume_at_a_station_alone_says_that_one_station_cannot_tell() -> None:
    found = kind_of({"companions": Feature(value=1.0, figures={})}, without="regional_gases", z_score=9.0)
    lines = [
        answer_statement(
            given(PLUME).station, "no", msgspec.structs.replace(found, kind=EventKind.PLUME), None, (), alone=item
        )
        for item in (True, False)
    ]
    assert ["One station cannot tell" in line.text("en") for line in lines] == [True, False]
    assert "仅凭一个站点" in lines[0].text("zh")
