from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.thresholds import Thresholds, load_thresholds
from qc.verdict import Verdict, Word, judge_case, probability
from qc.verdict_evidence import Scene, gather
from qc.verdict_wording import EVIDENCE, SENTENCES, sentence
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, empty_flags
from schemas.interval import Interval
from schemas.network import Instrument, Station

if TYPE_CHECKING:
    from qc.limit_space import VerdictRule

START = datetime(2026, 6, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = Interval(START, START + 6 * HOUR)
INDEX = pd.date_range(START - 84 * HOUR, START + 6 * HOUR, freq="h", inclusive="left", unit="us", name="start")
CODES = ("pm25", "pm10", "so2", "no2", "co", "o3")


def station(name: str, east: float = 0.0) -> Station:
    instrument = Instrument(id="a", network="gas", cadence_s=60, parameters=CODES)  # type: ignore[arg-type]
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


def scene(own: pd.DataFrame, others: tuple[str, ...] = (), **more: Any) -> Scene:
    frames = {item.id: hours(position + 10, raised=others) for position, item in enumerate(STATIONS[1:])}
    return Scene(
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
    assert thresholds.verdict is not None
    return thresholds.verdict


def said(found: Verdict) -> dict[str, bool]:
    return {item.name: item.weight > 0 for item in found.evidence}


def test_neighbours_and_co_pollutants_that_rise_too_make_an_event(rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1, raised=("pm25", "pm10", "so2")), others=("pm25",)), rule)
    assert found.word is Word.EVENT
    assert found.probability > 0.9
    assert said(found)["neighbours"]
    assert said(found)["co_pollutants"]


def test_a_plume_that_the_neighbours_miss_is_an_event_by_its_co_pollutants(rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1, raised=("pm25", "pm10", "so2", "no2", "co"))), rule)
    assert found.word is Word.EVENT
    assert not said(found)["neighbours"]


def test_isolated_with_silent_co_pollutants_and_a_jump_is_a_fault(rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1, raised=("pm25",)), flags=flags("spike")), rule)
    assert found.word is Word.FAULT
    assert {"neighbours", "co_pollutants", "spike"} <= said(found).keys()
    assert not any(said(found)[name] for name in ("neighbours", "co_pollutants", "spike"))


@pytest.mark.parametrize(
    ("test", "name", "flag"),
    [
        ("calibration", "calibration", Flag.FAIL),
        ("target_gas", "calibration", Flag.SUSPECT),
        ("status", "status", Flag.FAIL),
        ("flat_line", "flat", Flag.SUSPECT),
    ],
)
def test_what_the_tests_found_speaks_for_a_fault(test: str, name: str, flag: Flag, rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1), flags=flags(test, 4, flag)), rule)
    assert said(found)[name] is False
    assert found.word is Word.FAULT


def test_a_value_that_stands_still_takes_no_support_from_its_neighbours(rule: VerdictRule) -> None:
    own = hours(1, raised=("pm25", "pm10", "so2"))
    found = judge_case(scene(own, others=("pm25",), flags=flags("flat_line", 6)), rule)
    assert "neighbours" in found.silent
    assert found.word is Word.FAULT


def test_missing_hours_while_others_report_are_a_fault(rule: VerdictRule) -> None:
    own = hours(1)
    own.loc[own.index >= START, "pm25"] = np.nan
    own.loc[own.index >= START, ["pm25__n", "pm25__flag"]] = [0, Flag.MISSING]
    assert said(judge_case(scene(own), rule))["gap"] is False


def test_readings_off_their_step_are_a_clock(rule: VerdictRule) -> None:
    index = pd.date_range(START + timedelta(seconds=17), periods=60, freq="min", unit="us", name="start")
    native = pd.DataFrame({"pm25": 40 + np.random.default_rng(1).normal(size=60)}, index=index)
    assert said(judge_case(scene(hours(1), native=native, cadence_s=60), rule))["clock"] is False
    sound = native.set_axis(index - timedelta(seconds=17))
    assert "clock" in judge_case(scene(hours(1), native=sound, cadence_s=60), rule).silent


def test_a_steady_departure_from_the_neighbours_is_a_drift(rule: VerdictRule) -> None:
    own, case = hours(1), Interval(START - 42 * HOUR, START + 6 * HOUR)
    own.loc[own.index >= case.start, "pm25"] *= np.linspace(1, 1.8, 48)
    assert said(judge_case(scene(own, interval=case), rule))["drift"] is False


@pytest.mark.parametrize(("rain", "is_event"), [(2.0, True), (0.0, False)])
def test_a_dose_rate_that_rises_is_explained_by_rain_only(rain: float, is_event: bool, rule: VerdictRule) -> None:  # noqa: FBT001
    def dose(factor: float) -> pd.DataFrame:
        values = 80 + np.random.default_rng(3).normal(size=len(INDEX))
        frame = pd.DataFrame({"gamma_dose_rate": values, "rain": 0.0}, index=INDEX)
        frame.loc[frame.index >= START] = frame.loc[frame.index >= START].assign(rain=rain).mul([factor, 1.0])
        return frame

    found = judge_case(scene(dose(1.6), parameter="gamma_dose_rate"), rule)
    assert said(found)["weather"] is is_event


def test_nothing_known_is_undecided_and_says_so(rule: VerdictRule) -> None:
    bare = Scene(station=STATIONS[0], parameter="pm25", interval=CASE, hours={}, stations=[STATIONS[0]])
    found = judge_case(bare, rule)
    assert (found.word, found.probability, found.evidence) == (Word.UNDECIDED, 0.5, ())
    assert set(found.silent) == set(EVIDENCE)
    assert "nothing is known" in found.summary("en")
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
    assert 0 <= judge_case(scene(own), rule).probability <= 1


def test_the_sum_is_that_of_the_listed_weights(rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1, raised=("pm25",))), rule)
    assert found.log_odds == pytest.approx(found.prior + sum(item.weight for item in found.evidence))
    assert found.probability == pytest.approx(1 / (1 + np.exp(-found.log_odds)))
    assert [abs(item.weight) for item in found.evidence] == sorted(
        (abs(w.weight) for w in found.evidence), reverse=True
    )


def test_the_summary_gives_the_probability_of_its_own_word(rule: VerdictRule) -> None:
    found = judge_case(scene(hours(1, raised=("pm25",)), flags=flags("spike")), rule)
    assert found.summary("en").startswith(f"fault or event: {1 - found.probability:.2f} fault, because ")
    assert "仪器故障" in found.summary("zh")


def test_every_piece_of_evidence_has_a_weight_a_maker_and_its_words(rule: VerdictRule) -> None:
    assert [item.name for item in rule.evidence] == list(EVIDENCE)
    assert [item.name for item in gather(scene(hours(1)))] == list(EVIDENCE)
    for weight in rule.evidence:
        _, event, fault = SENTENCES[weight.name]
        assert bool(event[0]) == bool(event[1]) == (weight.event > 0)
        assert bool(fault[0]) == bool(fault[1]) == (weight.fault < 0)


def test_details_are_translated() -> None:
    assert sentence("weather", {"detail": "no rain"}, is_event=False) == (
        "the weather does not fit: no rain",
        "气象条件不符：无降雨",
    )


@given(st.floats(-700, 700))
def test_probability_is_symmetric_and_inside_its_bounds(odds: float) -> None:
    assert 0 <= probability(odds) <= 1
    assert probability(odds) + probability(-odds) == pytest.approx(1)


@settings(max_examples=15, deadline=None)
@given(st.floats(1.0, 20.0))
def test_co_pollutants_that_rise_too_never_make_a_fault_likelier(factor: float) -> None:
    rule = load_thresholds().verdict
    assert rule is not None
    alone = judge_case(scene(hours(1, raised=("pm25",), factor=factor)), rule)
    joined = judge_case(scene(hours(1, raised=("pm25", "pm10", "so2", "no2"), factor=factor)), rule)
    assert joined.probability >= alone.probability
