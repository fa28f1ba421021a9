"""What to cut: provinces of known chemistry, missing networks, bad input."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.coanalysis.cocontrol.balance import _clock
from analysis.coanalysis.cocontrol.box.block import day_blocks
from analysis.coanalysis.cocontrol.box.column import box_setting, start_column
from analysis.coanalysis.cocontrol.box.forcing import STEPS_PER_HOUR, rates_by_hour
from analysis.coanalysis.cocontrol.box.radical import missing_reactivity
from analysis.coanalysis.cocontrol.cut_list import what_to_cut
from analysis.coanalysis.cocontrol.model_input import CoControlError, fill, model_input
from analysis.coanalysis.cocontrol.prior import PRIOR, constants_of, draw_logarithms
from analysis.coanalysis.cocontrol.ranking import Part, Response, rank
from analysis.report.cut_list import cut_list_table, cut_list_text, draw_cut_list
from bench.cocontrol.observation import observe, with_species
from bench.cocontrol.province import draw_province, simulate
from bench.cocontrol.truth import truth_of
from schemas.frames import FrameError
from schemas.words import words

if TYPE_CHECKING:
    from analysis.coanalysis.cocontrol.result import CoControl

ZONE = ZoneInfo("Asia/Shanghai")
SEED = 1006
"""A province of the tuning seeds."""


@pytest.fixture(scope="module")
def province() -> tuple[pd.DataFrame, str]:
    drawn = draw_province(SEED, days=6)
    run = simulate([drawn])
    return observe(drawn, run, 0), truth_of(drawn, run, 0).first


@pytest.fixture(scope="module")
def hours(province: tuple[pd.DataFrame, str]) -> pd.DataFrame:
    return province[0]


@pytest.fixture(scope="module")
def truth(province: tuple[pd.DataFrame, str]) -> str:
    return province[1]


@pytest.fixture(scope="module")
def ranked(hours: pd.DataFrame) -> CoControl:
    return what_to_cut(hours, ZONE, np.random.default_rng(1))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.slow
def test_the_first_precursor_is_the_one_whose_cut_lowers_the_sum_most(ranked: CoControl, truth: str) -> None:
    listed = ranked.lists[-1]
    assert listed.days.name == "all"
    assert listed.first == truth
    assert sum(item.probability_first for item in listed.precursors) == pytest.approx(1.0)
    assert {item.precursor for item in listed.precursors} == {
        "nox", "alkene", "aromatic", "alkane", "ovoc", "co", "so2", "nh3",
    }  # fmt: skip
    assert ranked.missing == ()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_list(hours: pd.DataFrame, ranked: CoControl) -> None:
    assert what_to_cut(hours, ZONE, rng()) == ranked


@pytest.mark.slow
def test_what_is_not_measured_is_not_ranked_and_is_stated(hours: pd.DataFrame) -> None:
    found = what_to_cut(hours[["no", "no2", "o3", "temperature"]], ZONE, rng())
    listed = found.lists[-1]
    assert [item.precursor for item in listed.precursors] == ["nox"]
    assert listed.precursors[0].pm25_ug_m3 is None
    assert {"voc", "ions", "co", "so2", "pm25", "radiation"} <= set(found.missing)


@pytest.fixture(scope="module")
def btex(hours: pd.DataFrame) -> CoControl:
    """The list from aromatics alone."""
    return what_to_cut(with_species(hours, "btex"), ZONE, rng())


def nox_part(found: CoControl) -> Part:
    part = next(item.o3_ug_m3 for item in found.lists[-1].precursors if item.precursor == "nox")
    assert part is not None
    return part


@pytest.mark.slow
def test_groups_that_were_not_measured_are_named_and_not_ranked(btex: CoControl, ranked: CoControl) -> None:
    assert btex.missing_groups == ("alkene", "alkane", "ovoc")
    assert "isoprene" in btex.missing
    assert ranked.missing_groups == ()
    assert not {"alkene", "alkane", "ovoc"} & {item.precursor for item in btex.lists[-1].precursors}
    said = cut_list_text(btex, words("en", "cocontrol"))
    assert any("Not measured at all: alkenes, alkanes, oxygenated VOC" in line for line in said)


def test_reactivity_that_was_not_measured_is_added_with_a_wide_spread(hours: pd.DataFrame) -> None:
    constant = constants_of(draw_logarithms(np.random.default_rng(1), 64))
    added = {}
    for name in ("all", "btex", "none"):
        given = model_input(with_species(hours, name), ZONE)
        setting = box_setting(given, constant, (), 41.0, day_blocks(given.days))
        noon = rates_by_hour(given, 41.0).of_rows(setting.first_step // STEPS_PER_HOUR + 12)
        added[name] = missing_reactivity(setting, start_column(given, setting), noon)
    assert not added["all"].any()
    for name in ("btex", "none"):
        assert added[name].min() > 0.0
        assert np.log(added[name]).std() > 0.5


@pytest.mark.slow
def test_the_sign_of_nox_is_said_to_be_known_where_its_interval_leaves_out_zero(
    btex: CoControl, ranked: CoControl
) -> None:
    sentence = "Whether a cut of NOx lowers or raises O3 is not known from these data."
    for found in (btex, ranked):
        part = nox_part(found)
        assert found.lists[-1].is_nox_sign_known == (part.low > 0 or part.high < 0)
        assert (sentence in cut_list_text(found, words("en", "cocontrol"))) == (not found.lists[0].is_nox_sign_known)


def test_of_a_group_that_is_measured_in_part_the_rest_is_taken_to_go_with_it(hours: pd.DataFrame) -> None:
    whole, short = (model_input(with_species(hours, name), ZONE) for name in ("all", "short"))
    assert whole.listed == {}
    assert set(short.listed) == {"alkane", "aromatic"}
    assert 0.3 < short.listed["alkane"] < 0.6
    constant = constants_of(draw_logarithms(np.random.default_rng(1), 16))
    setting = box_setting(short, constant, (), 41.0, day_blocks(short.days))
    scale = {item.group: np.median(gauge) for item, gauge in zip(setting.lumps, setting.voc_gauge, strict=True)}
    assert scale["alkane"] == pytest.approx(1.0 / short.listed["alkane"], rel=0.3)
    assert scale["alkene"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_table_and_picture_are_made_in_both_languages(ranked: CoControl, language: str) -> None:
    said = words(language, "cocontrol")
    assert cut_list_text(ranked, said)
    assert len(cut_list_table(ranked.lists[0], said)) == 8
    assert draw_cut_list(ranked, "210100", said).startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_constant_gas_gives_a_list_without_nan(hours: pd.DataFrame) -> None:
    found = what_to_cut(hours.assign(co=0.6), ZONE, rng())
    assert all(np.isfinite(item.joint_pct.mean) for item in found.lists[-1].precursors)
    assert np.isfinite(found.misfit)


def test_too_few_days_and_missing_ozone_are_refused_with_the_reason(hours: pd.DataFrame) -> None:
    with pytest.raises(CoControlError, match="a ranking needs 5"):
        model_input(hours.iloc[:48], ZONE)
    with pytest.raises(CoControlError, match="o3: valid in 0% of the hours"):
        model_input(hours.assign(o3=np.nan), ZONE)


def test_unsorted_and_duplicated_hours_are_refused(hours: pd.DataFrame) -> None:
    with pytest.raises(FrameError, match="ascending and unique"):
        model_input(hours.iloc[::-1], ZONE)
    with pytest.raises(FrameError, match="ascending and unique"):
        model_input(pd.concat([hours.iloc[:5], hours]), ZONE)


def test_a_species_without_a_rate_constant_is_named_and_left_out(hours: pd.DataFrame) -> None:
    found = model_input(hours.assign(chloroethane=1.0, **{"1_2_dichloropropane": 1.0}), ZONE)
    assert not set(found.without_koh) & {name for lump in found.lumps for name in lump.species}


def test_long_gaps_take_the_mean_of_the_hour_of_the_day() -> None:
    hour = np.tile(np.arange(24.0), 3)
    values = hour.copy()
    values[24:48] = np.nan
    assert fill(values, hour).tolist() == hour.tolist()


def test_precursors_of_equal_benefit_cannot_be_told_apart() -> None:
    drawn = rng().normal(10.0, 1.0, size=(64, 3, 6))
    drawn[:, 2] -= 8.0
    limits = np.full(6, 100.0)
    found = Response(precursors=("a", "b", "c"), mda8=drawn, pm25=None, limit_o3=limits, limit_pm25=limits)
    parts = {item.precursor: item for item in rank(found, np.ones(6, dtype=bool), rng())}
    assert parts["a"].probability_near > parts["a"].probability_first
    assert parts["c"].probability_near == 0.0
    assert parts["a"].indistinct == ("b",)
    assert parts["c"].indistinct == ()
    assert parts["a"].probability_first + parts["b"].probability_first == pytest.approx(1.0)
    assert parts["a"].joint_pct.low < parts["a"].joint_pct.mean < parts["a"].joint_pct.high


def test_the_spread_of_the_members_is_widened_about_their_mean() -> None:
    drawn = rng().normal(10.0, 1.0, size=(64, 1, 6))
    limits = np.full(6, 100.0)
    found = Response(precursors=("a",), mda8=drawn, pm25=None, limit_o3=limits, limit_pm25=limits)
    as_drawn, wide = (rank(found, np.ones(6, dtype=bool), rng(), widened=factor)[0].joint_pct for factor in (1.0, 2.0))
    assert wide.mean == pytest.approx(as_drawn.mean, abs=0.05)
    assert wide.high - wide.low == pytest.approx(2.0 * (as_drawn.high - as_drawn.low), rel=0.05)


def test_a_clock_of_two_species_tells_how_much_oh_there_is(hours: pd.DataFrame) -> None:
    given = model_input(hours, ZONE)
    assert given.clock is not None
    constant = {name: np.full(3, item.median) for name, item in PRIOR.items()}
    light = np.maximum(np.sin((given.hour - 6.0) / 12.0 * np.pi), 0.0)[:, None]
    height = np.ones((len(given.hour), 3))
    found = _clock(given, light * np.array([0.0, 3e-4, 3e-3]), constant, height)
    assert (np.diff(found) > 0).all()
    assert found[0] < 0.0 < found[2]


@pytest.mark.slow
def test_a_clock_of_species_with_other_sources_is_left_out_and_stated(hours: pd.DataFrame) -> None:
    local = hours.index.tz_convert(ZONE).hour
    daytime = np.where((local >= 10) & (local < 17), 8.0, 1.0)
    found = what_to_cut(hours.assign(m_p_xylene=hours["m_p_xylene"] * daytime), ZONE, rng())
    assert "clock" in found.missing
    assert not found.is_refuted
