"""The learnt detector on made-up rivers: what it finds, what it says, and what it does with what cannot be scored."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.detector.detection import AnomalousRun, AnomalyGround, detect
from qc.detector.example import Example, make_example, rows_an_hour
from qc.detector.feature import SKEWED
from qc.detector.flagging import clue_of, flag_sonde, priors_of, words
from qc.detector.model_file import ModelFile, Trained, encode_model
from qc.detector.scoring import EVENT_FIGURES, STATE_FIGURES, Cuts, Model, ModelError
from qc.detector.training import agreement_by_parameter, train_detector, train_model_file
from qc.native.argument import InvalidInputError
from qc.native.series import Stream
from qc.run.detector import PACKAGED, load_model
from qc.run.limits import load_thresholds, parse_thresholds
from schemas.flag import Flag
from schemas.words import sentence
from schemas.words import words as catalogue
from tests.qc.detector.sonde import PER_HOUR, PRIORS, hours, river, visit

if TYPE_CHECKING:
    from pathlib import Path

#: Without trees: only range and offsets.
RULES = Model(events=(), states=(), cuts=Cuts(event=1.5, state=1.5, offset=0.4), stations=())
STREAM = Stream(network="eco", station_id="s", instrument_id="sonde", cadence_s=900, zone=ZoneInfo("Asia/Shanghai"))
SPIKES = range(200, 2600, 60)


def labelled(station: str, seed: int) -> Example:
    """Rivers whose technician marks spikes of temperature and two days of heavy turbidity."""
    sonde = river(28, seed)
    marks = {code: np.zeros(len(values), dtype=bool) for code, values in sonde.items()}
    for row in SPIKES:
        sonde["water_temperature"][row] += 4
        marks["water_temperature"][row] = True
    sonde["turbidity"][1500:1700] *= 20
    marks["turbidity"][1500:1700] = True
    return make_example(
        station, station, hours(28 * 96), {code: (values, marks[code]) for code, values in sonde.items()}, PRIORS
    )


def source(station: str, *, name: str = "", days: tuple[str, ...] = ()) -> Trained:
    return Trained(
        name=name or station, station=station, digest=f"{station}!", days=days or (f"{station}-1", f"{station}-2")
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return train_detector([labelled("one", 1), labelled("two", 2)])


def test_what_is_learnt_at_two_stations_holds_at_a_third(model: Model) -> None:
    found = agreement_by_parameter(labelled("three", 3), model)
    assert found["water_temperature"].f1 > 0.9
    assert found["turbidity"].f1 > 0.8
    assert found["dissolved_oxygen"].labels == 0


def test_each_run_has_a_reason(model: Model) -> None:
    sonde = river(28, 4)
    sonde["water_temperature"][1000] += 4
    sonde["water_conductivity"][2000] = -1
    results = detect(sonde, PRIORS, model, per_hour=PER_HOUR)
    spike = next(run for run in results["water_temperature"].runs if run.first <= 1000 <= run.last)
    assert spike.ground is AnomalyGround.EVENT
    assert "surrounding hours" in sentence(words("water_temperature", 13.0, PRIORS["water_temperature"], spike), "en")
    impossible = next(run for run in results["water_conductivity"].runs if run.first == 2000)
    assert impossible.ground is AnomalyGround.RANGE


def test_a_wrong_setting_between_visits_is_suspect_with_its_size() -> None:
    sonde = river(40)
    sonde["water_conductivity"][1000:2000] += 8
    visit(sonde, 1000)
    visit(sonde, 2000)
    result = detect(sonde, PRIORS, RULES, per_hour=PER_HOUR)["water_conductivity"]
    assert (result.flags[1010:1990] == Flag.SUSPECT).all()
    assert (result.flags[:990] == Flag.PASS).all()
    run = next(run for run in result.runs if run.ground is AnomalyGround.OFFSET)
    assert sentence(words("water_conductivity", 338.0, PRIORS["water_conductivity"], run), "en").startswith(
        "offset of about 8.2 "
    )
    assert run.size == pytest.approx(8, abs=0.7)


def test_nothing_is_ever_failed(model: Model) -> None:
    sonde = river(10)
    sonde["water_temperature"][100:200] = -9999
    for result in detect(sonde, PRIORS, model, per_hour=PER_HOUR).values():
        assert Flag.FAIL not in result.flags


def test_runs_cover_exactly_the_suspect_rows(model: Model) -> None:
    sonde = river(28, 5)
    sonde["turbidity"][1500:1600] *= 20
    for result in detect(sonde, PRIORS, model, per_hour=PER_HOUR).values():
        covered = np.zeros(len(result.flags), dtype=bool)
        for run in result.runs:
            assert not covered[run.first : run.last + 1].any()
            covered[run.first : run.last + 1] = True
        np.testing.assert_array_equal(covered, result.flags == Flag.SUSPECT)


def test_less_than_a_day_is_unknown() -> None:
    result = detect({"ph": np.array([7.0, np.nan, 8.0])}, {}, RULES, per_hour=PER_HOUR)["ph"]
    assert result.flags.tolist() == [Flag.UNKNOWN, Flag.MISSING, Flag.UNKNOWN]


@pytest.mark.parametrize("value", [np.nan, 7.0, -9999.0], ids=["missing", "constant", "impossible"])
def test_a_series_without_life_has_a_defined_result(model: Model, value: float) -> None:
    found = detect({"water_temperature": np.full(300, value)}, PRIORS, model, per_hour=PER_HOUR)
    assert set(found["water_temperature"].flags.tolist()) <= {Flag.PASS, Flag.SUSPECT, Flag.MISSING}


def test_no_parameter_is_no_verdict() -> None:
    assert detect({}, PRIORS, RULES, per_hour=PER_HOUR) == {}


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(InvalidInputError, match="different length"):
        detect({"ph": np.zeros(3), "turbidity": np.zeros(4)}, {}, RULES, per_hour=PER_HOUR)
    with pytest.raises(InvalidInputError, match="per_hour: 0"):
        detect({"ph": np.zeros(3)}, {}, RULES, per_hour=0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-50, 60) | st.just(float("nan")), min_size=96, max_size=150))
def test_a_value_outside_the_range_is_always_suspect_and_a_missing_one_missing(values: list[float]) -> None:
    array = np.array(values)
    flags = detect({"water_temperature": array}, PRIORS, RULES, per_hour=PER_HOUR)["water_temperature"].flags
    np.testing.assert_array_equal(flags == Flag.MISSING, np.isnan(array))
    assert (flags[(array < -5) | (array > 40)] == Flag.SUSPECT).all()


def native(days: int = 20) -> pd.DataFrame:
    sonde = river(days)
    sonde["water_temperature"][500:504] = 55.0
    index = pd.DatetimeIndex(hours(days * 96), tz="UTC", name="start")
    return pd.DataFrame(sonde | {"soil_moisture": np.full(days * 96, 0.3)}, index=index)


def test_flags_of_a_native_frame_are_records_of_suspect_values_with_a_reason() -> None:
    flags = flag_sonde(native(), STREAM, load_thresholds(), RULES)
    assert set(flags["test"]) == {"learnt_anomaly"}
    assert set(flags["flag"]) == {Flag.SUSPECT}
    assert flags["start"].tolist() == native().index[500:504].tolist()
    assert sentence(flags["reason"][0], "en") == "55 °C is outside the prior range -5 to 40"


def test_a_parameter_without_a_limit_takes_no_part() -> None:
    nothing = parse_thresholds('[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n', "f")
    assert priors_of(load_thresholds(), ["soil_moisture", "ph"]).keys() == {"ph"}
    assert flag_sonde(native(), STREAM, nothing, RULES).empty
    assert flag_sonde(native().iloc[:0], STREAM, load_thresholds(), RULES).empty


@pytest.mark.parametrize("ground", [AnomalyGround.EVENT, AnomalyGround.STATE])
def test_every_figure_has_words_in_both_languages(ground: AnomalyGround, model: Model) -> None:
    for figure in {*EVENT_FIGURES, *STATE_FIGURES}:
        assert f"word.clue.{clue_of(figure)}" in catalogue("en").catalogue, figure
        text = words("ph", 7.0, None, AnomalousRun(0, 1, ground, figure, 0.5, np.nan))
        assert sentence(text, "zh") != sentence(text, "en") != text


def test_a_parameter_outside_the_training_uses_the_common_code(model: Model) -> None:
    result = detect({"chlorophyll_a": river(5)["turbidity"]}, {}, model, per_hour=PER_HOUR)["chlorophyll_a"]
    assert len(result.flags) == 480
    assert "chlorophyll_a" in SKEWED


def test_labels_of_one_station_are_too_few() -> None:
    with pytest.raises(ValueError, match="expected labels of at least two stations"):
        train_detector([labelled("one", 1)])


def test_learning_again_gives_the_same_model(model: Model) -> None:
    assert train_detector([labelled("one", 1), labelled("two", 2)]) == model


@pytest.mark.slow
def test_a_training_file_or_a_part_of_it_is_scored_without_its_station(tmp_path: Path) -> None:
    examples = [labelled(name, seed) for seed, name in enumerate(("one", "two", "three"))]
    kept = train_model_file(examples, [source(name) for name in ("one", "two", "three")], "test")
    for known in (source("one"), source("one", name="other"), source("new", days=("new-1", "one-2"))):
        model, seen = kept.model_for(known)
        assert (model.stations, seen) == (("three", "two"), True)
    model, seen = kept.model_for(source("new"))
    assert (model.stations, seen) == (("one", "three", "two"), False)
    path = tmp_path / "model"
    path.write_bytes(encode_model(kept))
    assert load_model(path) == kept


def test_a_model_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content in (b"", b"text", encode_model(ModelFile(made_by="", trained=(), model=RULES, without={}))[:-9]):
        path.write_bytes(content)
        load_model.cache_clear()
        with pytest.raises(ModelError, match="expected a model made by skyground qc learn"):
            load_model(path)


def test_trees_that_are_none_are_an_error() -> None:
    table = pd.DataFrame(river(2)).assign(**dict.fromkeys(("a",), 0.0))
    broken = Model(events=("nonsense",), states=(), cuts=RULES.cuts, stations=())
    with pytest.raises(ModelError, match="LightGBM"):
        detect({"ph": table["turbidity"].to_numpy()}, {}, broken, per_hour=PER_HOUR)


def test_rows_an_hour_come_from_the_median_step() -> None:
    assert rows_an_hour(hours(10)) == 4
    assert rows_an_hour(hours(10, 60)) == 60
    assert rows_an_hour(hours(10, 86_400)) == 1
    assert rows_an_hour(hours(1)) == 1


def test_the_packaged_model_is_small_and_knows_where_it_comes_from() -> None:
    load_model.cache_clear()
    kept = load_model()
    assert PACKAGED.stat().st_size < 3_000_000
    assert {item.station for item in kept.trained} == set(kept.without) == set(kept.model.stations)
    for station, model in kept.without.items():
        assert station not in model.stations
    assert all(isinstance(item, Trained) and len(item.digest) == 64 and item.days for item in kept.trained)


def test_the_packaged_model_runs_on_a_made_up_river() -> None:
    results = detect(river(30), priors_of(load_thresholds(), river(1)), load_model().model, per_hour=PER_HOUR)
    assert np.mean([(result.flags == Flag.SUSPECT).mean() for result in results.values()]) < 0.2
