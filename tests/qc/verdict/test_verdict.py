from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.run.limits import load_thresholds
from qc.verdict.context import CaseContext
from qc.verdict.evidence import EVIDENCE, collect_evidence
from qc.verdict.verdict import Verdict, evaluate_case
from qc.verdict.weight import VerdictRule
from qc.verdict.word import Word, probability
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, empty_flags
from schemas.interval import Interval
from schemas.message import NetworkCode
from schemas.network import Instrument, Station
from schemas.reason import Reason
from schemas.words import render, words

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

START = datetime(2026, 6, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = Interval(START, START + 6 * HOUR)
INDEX = pd.date_range(START - 84 * HOUR, START + 6 * HOUR, freq="h", inclusive="left", unit="us", name="start")
CODES = ("pm25", "pm10", "so2", "no2", "co", "o3")


def station(name: str, east: float = 0.0) -> Station:
    instrument = Instrument(id="a", network=NetworkCode.GAS, cadence_s=60, parameters=CODES)
    return Station(id=name, instruments=(instrument,), lon=123.4 + east, lat=41.8)


STATIONS = [station("s1"), *(station(f"n{number}", 0.1 * number) for number in range(1, 5))]


def hours(seed: int, *, raised: tuple[str, ...] = (), factor: float = 4.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(index=INDEX)
    for code in CODES:
        frame[code] = 40 * (1 + 0.1 * rng.standard_normal(len(INDEX)))
        frame.loc[frame.index >= START, code] *= factor if code in raised else 1.0
        frame[f"{code}__n"] = 60
        frame[f"{code}__flag"] = np.int8(Flag.PASS)
    return frame


def context(own: pd.DataFrame, others: tuple[str, ...] = (), **more: Any) -> CaseContext:
    frames = {item.id: hours(position + 10, raised=others) for position, item in enumerate(STATIONS[1:])}
    return CaseContext(
        **{
            "station": STATIONS[0],
            "parameter": "pm25",
            "interval": CASE,
            "hours": {"s1": own, **frames},
            "stations": STATIONS,
            "flags": empty_flags(),
            **more,
        }
    )


def flags(test: str, count: int = 1, flag: Flag = Flag.SUSPECT) -> pd.DataFrame:
    rows = [(START + hour * HOUR, "s1", "a", "pm25", test, int(flag), "") for hour in range(count)]
    frame = pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    return frame.assign(start=pd.to_datetime(frame["start"], utc=True))


@pytest.fixture(scope="session")
def rule(thresholds: Thresholds) -> VerdictRule:
    found = thresholds.rule(VerdictRule)
    assert found is not None
    return found


def indicated(found: Verdict) -> dict[str, bool]:
    return {item.name: item.weight > 0 for item in found.evidence}


def test_neighbours_and_co_pollutants_that_rise_too_make_an_event(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25", "pm10", "so2")), others=("pm25",)), rule)
    assert found.word is Word.EVENT
    assert found.probability > 0.9
    assert indicated(found)["neighbours"]
    assert indicated(found)["co_pollutants"]


def test_a_plume_that_the_neighbours_miss_is_an_event_by_its_co_pollutants(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25", "pm10", "so2", "no2", "co"))), rule)
    assert found.word is Word.EVENT
    assert "neighbours" in found.silent


def test_silent_co_pollutants_and_a_failed_test_are_a_fault(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25",)), flags=flags("step")), rule)
    assert found.word is Word.FAULT
    assert {name: indicated(found)[name] for name in ("co_pollutants", "tests")} == {
        "co_pollutants": False,
        "tests": False,
    }


def test_neighbours_that_do_not_move_say_nothing_of_a_station_that_does(rule: VerdictRule) -> None:
    alone = evaluate_case(context(hours(1, raised=("pm25", "pm10", "so2"))), rule)
    unasked = evaluate_case(context(hours(1, raised=("pm25", "pm10", "so2")), stations=[STATIONS[0]]), rule)
    assert "neighbours" in alone.silent
    assert alone.word is unasked.word is Word.EVENT


@pytest.mark.parametrize(
    ("test", "name", "flag"),
    [
        ("calibration", "calibration", Flag.FAIL),
        ("target_gas", "calibration", Flag.SUSPECT),
        ("status", "status", Flag.FAIL),
        ("flat_line", "flat", Flag.SUSPECT),
    ],
)
def test_what_the_tests_found_is_evidence_of_a_fault(test: str, name: str, flag: Flag, rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1), flags=flags(test, 4, flag)), rule)
    assert indicated(found)[name] is False
    assert found.word is Word.FAULT


def test_a_constant_value_is_a_fault_whatever_follows_it(rule: VerdictRule) -> None:
    own = hours(1, raised=("pm25", "pm10", "so2"))
    found = evaluate_case(context(own, others=("pm25",), flags=flags("flat_line", 6)), rule)
    assert indicated(found)["flat"] is False
    assert found.word is Word.FAULT


def test_missing_hours_while_others_report_are_a_fault(rule: VerdictRule) -> None:
    own = hours(1)
    own.loc[own.index >= START, "pm25"] = np.nan
    own.loc[own.index >= START, ["pm25__n", "pm25__flag"]] = [0, Flag.MISSING]
    assert indicated(evaluate_case(context(own), rule))["gap"] is False


@pytest.mark.parametrize("phase_s", [0, 17, 600])
def test_stamps_that_leave_their_phase_are_a_clock_and_a_steady_phase_is_none(phase_s: int, rule: VerdictRule) -> None:
    index = pd.date_range(START - 3 * HOUR, periods=240, freq="min", unit="us", name="start") + timedelta(
        seconds=phase_s
    )
    native = pd.DataFrame({"pm25": 40 + np.random.default_rng(1).normal(size=240)}, index=index)
    case = Interval(START, START + HOUR)
    steady = evaluate_case(context(hours(1), interval=case, native=native, cadence_s=60), rule)
    assert "clock" in steady.silent
    shifted = index.where(index < pd.Timestamp(START), index + pd.Timedelta(seconds=23))
    found = evaluate_case(context(hours(1), interval=case, native=native.set_axis(shifted), cadence_s=60), rule)
    assert indicated(found)["clock"] is False
    assert found.word is Word.FAULT


@pytest.mark.parametrize(("other", "is_event"), [(4.0, True), (1.0, False)])
def test_a_second_instrument_decides_whatever_the_neighbours_say(
    other: float,
    is_event: bool,  # noqa: FBT001
    rule: VerdictRule,
) -> None:
    second = Instrument(id="b", network=NetworkCode.GAS, cadence_s=3600, parameters=("pm25",))
    first = Instrument(id="a", network=NetworkCode.GAS, cadence_s=3600, parameters=CODES)
    own = Station(id="s1", instruments=(first, second), lon=123.4, lat=41.8)
    readings = hours(1, raised=("pm25",))[["pm25"]]
    twin = hours(2, raised=("pm25",), factor=other)[["pm25"]] * 1.3
    found = evaluate_case(
        context(
            hours(1, raised=("pm25",)),
            station=own,
            stations=[own, *STATIONS[1:]],
            native=readings,
            cadence_s=3600,
            instrument_id="a",
            twins={"b": twin},
        ),
        rule,
    )
    assert indicated(found)["twin"] is is_event
    assert (found.word is Word.FAULT) is not is_event


def test_a_distance_that_grows_day_by_day_is_a_drift_and_a_steady_one_is_none(rule: VerdictRule) -> None:
    case = Interval(START - 42 * HOUR, START + 6 * HOUR)
    growing, steady = hours(1), hours(1)
    growing["pm25"] *= np.linspace(1, 2.2, len(INDEX))
    steady["pm25"] *= 1.6
    assert indicated(evaluate_case(context(growing, interval=case), rule))["drift"] is False
    assert "drift" in evaluate_case(context(steady, interval=case), rule).silent


@pytest.mark.parametrize(("rain", "is_event"), [(2.0, True), (0.0, False)])
def test_a_dose_rate_that_rises_is_explained_by_rain_only(rain: float, is_event: bool, rule: VerdictRule) -> None:  # noqa: FBT001
    def dose(factor: float) -> pd.DataFrame:
        values = 80 + np.random.default_rng(3).normal(size=len(INDEX))
        frame = pd.DataFrame({"gamma_dose_rate": values, "rain": 0.0}, index=INDEX)
        frame.loc[frame.index >= START] = frame.loc[frame.index >= START].assign(rain=rain).mul([factor, 1.0])
        return frame

    found = evaluate_case(context(dose(1.6), parameter="gamma_dose_rate"), rule)
    assert indicated(found)["rain"] is is_event


def test_a_case_without_data_is_undecided(rule: VerdictRule) -> None:
    bare = CaseContext(station=STATIONS[0], parameter="pm25", interval=CASE, hours={}, stations=[STATIONS[0]])
    found = evaluate_case(bare, rule)
    assert (found.word, found.probability, found.evidence) == (Word.UNDECIDED, 0.5, ())
    assert set(found.silent) == set(EVIDENCE)
    assert "no evidence" in found.summary("en")
    assert "没有可用的依据" in found.summary("zh")


@pytest.mark.parametrize("broken", ["empty", "nan", "constant", "single"])
def test_any_series_ends_in_a_verdict(broken: str, rule: VerdictRule) -> None:
    own = hours(1)
    if broken == "empty":
        own = own.iloc[:0]
    elif broken == "nan":
        own["pm25"] = np.nan
    elif broken == "constant":
        own["pm25"] = 5.0
    else:
        own = own.iloc[-1:]
    assert 0 <= evaluate_case(context(own), rule).probability <= 1


def test_the_sum_is_that_of_the_listed_weights(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25",))), rule)
    assert found.log_odds == pytest.approx(found.prior + sum(item.weight for item in found.evidence))
    assert found.probability == pytest.approx(1 / (1 + np.exp(-found.log_odds)))
    assert [abs(item.weight) for item in found.evidence] == sorted(
        (abs(w.weight) for w in found.evidence), reverse=True
    )


def test_the_summary_gives_the_probability_of_its_own_word(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25",)), flags=flags("spike")), rule)
    assert found.summary("en").startswith(f"fault or event: fault, probability {1 - found.probability:.2f}, because ")
    assert "仪器故障" in found.summary("zh")


def test_every_piece_of_evidence_has_a_weight_a_maker_and_its_words(rule: VerdictRule) -> None:
    assert [item.name for item in rule.evidence] == list(EVIDENCE)
    assert [item.name for item in collect_evidence(context(hours(1)))] == list(EVIDENCE)
    for weight in rule.evidence:
        keys = words("en", f"verdict.{weight.name}").catalogue
        assert "event" in keys or weight.event == 0
        assert "fault" in keys or weight.fault == 0
        assert weight.event or weight.fault


def test_figures_that_differ_by_language_are_translated() -> None:
    reason = Reason("fall", "event", {"what": "benzene"}, "verdict")
    assert render(reason, "en") == "it fell as benzene rose"
    assert render(reason, "zh") == "随苯升高而下降"


@given(st.floats(-700, 700))
def test_probability_is_symmetric_and_inside_its_bounds(odds: float) -> None:
    assert 0 <= probability(odds) <= 1
    assert probability(odds) + probability(-odds) == pytest.approx(1)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.floats(1.0, 20.0))
def test_co_pollutants_that_rise_too_never_make_a_fault_likelier(factor: float) -> None:
    rule = load_thresholds().rule(VerdictRule)
    assert rule is not None
    alone = evaluate_case(context(hours(1, raised=("pm25",), factor=factor)), rule)
    joined = evaluate_case(context(hours(1, raised=("pm25", "pm10", "so2", "no2"), factor=factor)), rule)
    assert joined.probability >= alone.probability


@pytest.mark.slow
def test_ordinary_hours_are_hardly_ever_called_a_fault_or_an_event(rule: VerdictRule) -> None:
    words = [
        evaluate_case(context(hours(100 + seed), parameter=code), rule).word
        for seed in range(20)
        for code in ("pm25", "so2")
    ]
    assert words.count(Word.UNDECIDED) >= 39


def test_channels_that_do_not_deviate_are_no_evidence_of_a_fluctuation(rule: VerdictRule) -> None:
    own = hours(1)
    own.loc[own.index >= START, "so2"] *= 1.22
    assert evaluate_case(context(own, parameter="so2"), rule).word is Word.UNDECIDED


@pytest.mark.parametrize("others", [True, False])
def test_hours_without_any_station_are_no_gap(others: bool, rule: VerdictRule) -> None:  # noqa: FBT001
    case = Interval(START, START + 24 * HOUR)
    stations = STATIONS if others else STATIONS[:1]
    assert "gap" in evaluate_case(context(hours(1), interval=case, stations=stations), rule).silent
    own = hours(1)
    own.loc[own.index >= START, "pm25"] = np.nan
    assert indicated(evaluate_case(context(own, interval=case, stations=stations), rule))["gap"] is False


@pytest.mark.parametrize(("before", "is_gap"), [(1.0, True), (0.4, False)])
def test_half_of_the_readings_is_no_gap_where_it_is_usual(before: float, is_gap: bool, rule: VerdictRule) -> None:  # noqa: FBT001
    index = pd.date_range(INDEX[0], INDEX[-1] + HOUR, freq="5min", unit="us", name="start")
    draw = np.random.default_rng(4)
    kept = draw.random(len(index)) < np.where(index < pd.Timestamp(START), before, 0.4)
    native = pd.DataFrame({"pm25": 40 * (1 + 0.1 * draw.standard_normal(len(index)))}, index=index)[kept]
    found = evaluate_case(context(hours(1), native=native, cadence_s=300), rule)
    assert ("gap" in indicated(found)) is is_gap


def test_unknown_weather_is_no_evidence(rule: VerdictRule) -> None:
    values = 80 + np.random.default_rng(3).normal(size=len(INDEX))
    own = pd.DataFrame({"gamma_dose_rate": values, "rain": np.nan}, index=INDEX)
    own.loc[own.index >= START, "gamma_dose_rate"] *= 1.6
    own.loc[own.index[-1], "rain"] = 0.0
    assert "rain" in evaluate_case(context(own, parameter="gamma_dose_rate"), rule).silent


def test_equal_readings_near_the_last_digit_are_not_flat(rule: VerdictRule) -> None:
    index = pd.date_range(INDEX[0], INDEX[-1] + HOUR, freq="20min", inclusive="left", unit="us", name="start")
    low = np.random.default_rng(5).choice([0.1, 0.2], size=len(index), p=[0.7, 0.3])
    low[-18:] = [0.1, 0.1, 0.1, 0.1, 0.2, 0.1] * 3
    native = pd.DataFrame({"so2": low}, index=index)
    kept = context(hours(1), parameter="so2", native=native, cadence_s=1200)
    assert "flat" in evaluate_case(kept, rule).silent


def test_close_readings_of_a_slow_instrument_are_not_flat_by_chance(rule: VerdictRule) -> None:
    values = np.round(8 + 0.5 * np.random.default_rng(6).standard_normal(len(INDEX)), 1)
    values[-6:] = [7.7, 8.2, 8.3, 8.2, 7.5, 8.6]
    native = pd.DataFrame({"so2": values}, index=INDEX)
    found = context(hours(1), parameter="so2", native=native, cadence_s=3600)
    assert "flat" in evaluate_case(found, rule).silent
    stuck = native.assign(so2=np.where(pd.Timestamp(START) <= INDEX, 8.2, values))
    assert (
        indicated(evaluate_case(context(hours(1), parameter="so2", native=stuck, cadence_s=3600), rule))["flat"]
        is False
    )


@pytest.mark.parametrize(("asked", "word"), [("a", Word.UNDECIDED), ("b", Word.FAULT)])
def test_of_two_instruments_the_one_that_stays_where_it_was_is_not_called_faulty(
    asked: str, word: Word, rule: VerdictRule
) -> None:
    pair = tuple(Instrument(id=name, network=NetworkCode.GAS, cadence_s=3600, parameters=("pm25",)) for name in "ab")
    own = Station(id="s1", instruments=pair, lon=123.4, lat=41.8)
    readings = {"a": hours(1)[["pm25"]], "b": hours(1, raised=("pm25",))[["pm25"]]}
    native = readings.pop(asked)
    found = evaluate_case(
        context(
            hours(1)[["pm25", "pm25__n", "pm25__flag"]],
            station=own,
            stations=[own],
            native=native,
            cadence_s=3600,
            instrument_id=asked,
            twins=readings,
        ),
        rule,
    )
    assert found.word is word


def test_a_sound_station_is_not_measured_by_stations_around_that_fail(rule: VerdictRule) -> None:
    broken = {item.id: hours(position + 10) for position, item in enumerate(STATIONS[1:])}
    for name in ("n1", "n2"):
        broken[name].loc[INDEX >= START, "pm25"] *= 0.2
    found = evaluate_case(context(hours(1), hours={"s1": hours(1), **broken}, stations=STATIONS[:4]), rule)
    assert found.word is Word.UNDECIDED


def test_a_deviation_of_most_neighbours_needs_no_other_channel(rule: VerdictRule) -> None:
    found = evaluate_case(context(hours(1, raised=("pm25",)), others=("pm25",)), rule)
    assert indicated(found) == {"neighbours": True}
    assert found.word is Word.EVENT
