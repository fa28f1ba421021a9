"""Scores by reviewers' verdicts, and limits that would have been better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.hourly.test.hourly_flat import HourlyFlatLimit
from qc.hourly.test.hourly_spike import HourlySpikeLimit
from qc.hourly.test.pm_inversion import PmInversionLimit
from qc.native.test.flat_line import FlatLineLimit
from qc.native.test.gross_range import GrossRangeLimit
from qc.native.test.rate_of_change import RateOfChangeLimit
from qc.native.test.spike import SpikeLimit
from qc.review.reviewer_agreement import (
    ANY_TEST,
    Counts,
    ReviewedSeries,
    count,
    read_truth,
    reviewed_series,
    reviewer_agreement,
)
from qc.review.threshold_proposal import KNOBS, candidates, propose_limits, run_again, to_overrides
from qc.run.limits import load_thresholds, parse_thresholds
from schemas.frames import FLAG_COLUMNS

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

INDEX = pd.date_range("2026-06-01", periods=120, freq="h", tz="UTC", unit="us", name="start")
RNG = np.random.default_rng(4)
SAID = {"unit": "ug/m3", "source": "test", "verified": False, "parameters": ("o3",)}


def series(values: np.ndarray, truth: np.ndarray, **flagged: np.ndarray) -> ReviewedSeries:
    hourly = pd.DataFrame({"o3": values, "o3__flag": np.int8(1)}, index=INDEX[: len(values)])
    return ReviewedSeries(
        network="gas", station_id="s1", parameter="o3", hourly=hourly, truth=truth.astype(np.int8), flagged=flagged
    )


def spiky() -> ReviewedSeries:
    values, truth = 50 + RNG.normal(0, 1, 120), np.zeros(120)
    values[10::12], truth[10::12] = 90.0, 1
    return series(values, truth)


def limits(text: str = "") -> Thresholds:
    head = '[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n'
    return parse_thresholds(head + text, "test")


SPIKE = '[[limit]]\ntest = "hourly_spike"\nparameters = ["o3"]\nratio = 4.0\nincrement = 60.0\nunit = "ug/m3"\nsource = "test"\nverified = false\n'


def test_counts_follow_their_definitions() -> None:
    found = count(np.array([1, 1, 0, 0, -1, -1]), np.array([True, False, True, False, True, False]))
    assert found == Counts(hits=1, false_alarms=1, misses=1, valid=2)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)


def test_what_has_no_meaning_has_no_figure() -> None:
    nothing = Counts(hits=0, false_alarms=0, misses=0, valid=5)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, 0.0)


def test_only_confirmed_hours_that_are_valid_or_invalid_are_known() -> None:
    level2 = pd.DataFrame({"o3__flag": [1, 4, 3, 4, 1, 4], "o3__review": [2, 3, 2, 1, 8, 0]}).astype(np.int8)
    assert read_truth(level2, "o3").tolist() == [0, 1, -1, -1, -1, -1]


def test_flags_of_native_values_count_for_their_hour() -> None:
    hourly = pd.DataFrame({"o3": 1.0, "no2": 1.0}, index=INDEX[:3])
    level2 = hourly.assign(o3__flag=np.int8(4), o3__review=np.int8(2), no2__flag=np.int8(1), no2__review=np.int8(0))
    flags = pd.DataFrame(
        [
            (INDEX[1] + pd.Timedelta(minutes=7), "s1", "a", "o3", "spike", 3, ""),
            (INDEX[2], "s1", "a", "o3", "gap", 9, ""),
        ],
        columns=list(FLAG_COLUMNS),
    )
    (found,) = reviewed_series({"s1": (hourly, level2)}, flags, "gas")
    assert found.parameter == "o3"
    assert {name: mask.tolist() for name, mask in found.flagged.items()} == {"spike": [False, True, False]}


def test_scores_are_by_station_and_together_and_all_tests_join() -> None:
    truth = np.array([1, 1, 0, 0])
    first = series(np.ones(4), truth, spike=np.array([True, False, False, False]))
    second = series(np.ones(4), truth, flat_line=np.array([False, True, True, False]))
    rows = {(row.test, row.station_id): row.counts for row in reviewer_agreement([first, second])}
    assert (rows["spike", ""].hits, rows["spike", ""].misses) == (1, 3)
    assert (rows[ANY_TEST, ""].hits, rows[ANY_TEST, ""].false_alarms, rows[ANY_TEST, ""].misses) == (2, 1, 2)


def test_nothing_reviewed_gives_no_score() -> None:
    assert reviewer_agreement([]) == []
    assert propose_limits([], {}, limits(SPIKE), 6) == []


def test_a_better_limit_is_proposed_with_what_it_would_have_changed() -> None:
    (found,) = propose_limits([spiky()], {}, limits(SPIKE), 6)
    assert isinstance(found.proposed, HourlySpikeLimit)
    assert (found.before.hits, found.after.hits, found.after.false_alarms) == (0, 10, 0)
    assert (found.hours_before, found.hours_after) == (0, 10)


def test_a_limit_that_is_best_already_stays() -> None:
    text = SPIKE.replace("4.0", "1.4").replace("60.0", "15.0")
    (found,) = propose_limits([spiky()], {}, limits(text), 6)
    assert (found.proposed, found.why) == (None, "no other limit is better")


def test_few_reviews_propose_nothing_and_say_so() -> None:
    few = spiky()
    few.truth[20:] = -1
    (found,) = propose_limits([few], {}, limits(SPIKE), 6)
    assert found.proposed is None
    assert "too few reviewed hours: 20 with 1 invalid" in found.why
    assert found.before == found.after


def test_a_test_without_a_limit_or_without_its_readings_is_left_out() -> None:
    native = SPIKE.replace("hourly_spike", "rate_of_change").replace(
        "ratio = 4.0\nincrement = 60.0", "suspect_per_minute = 9.0"
    )
    assert propose_limits([spiky()], {}, limits(), 6) == []
    assert propose_limits([spiky()], {}, limits(native), 6) == []


def test_native_limits_are_learnt_from_the_readings() -> None:
    item = spiky()
    minutes = pd.date_range(INDEX[0], periods=120 * 60, freq="min").tz_localize(None).to_numpy()
    values = np.repeat(50.0, len(minutes))
    values[10 * 60 + 30 :: 12 * 60] = 80.0
    text = SPIKE.replace("hourly_spike", "spike").replace("ratio = 4.0\nincrement = 60.0", "suspect = 60.0")
    (found,) = propose_limits([item], {("s1", "o3"): [(values, minutes)]}, limits(text), 6)
    assert (found.before.hits, found.after.hits, found.after.false_alarms) == (0, 10, 0)


LIMITS = [
    GrossRangeLimit(**SAID, suspect_min=-5.0, suspect_max=600.0),
    SpikeLimit(**SAID, suspect=60.0, relative=0.5),
    RateOfChangeLimit(**SAID, suspect_per_minute=50.0),
    FlatLineLimit(**SAID, suspect_s=7200.0, tolerance=0.1, above=5.0),
    HourlySpikeLimit(**SAID, ratio=3.0, increment=50.0),
    HourlyFlatLimit(**SAID, hours=3, tolerance=0.1),
    PmInversionLimit(**{**SAID, "parameters": ("pm25",)}, ratio=1.1, difference=10.0),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda item: type(item).__name__)
def test_every_candidate_limit_is_valid_in_the_file(limit: Any) -> None:
    tried = candidates(limit)
    assert limit in tried
    assert len(tried) > 3
    assert len({tuple(getattr(one, name) for name in KNOBS[type(limit)]) for one in tried}) == len(tried)
    from qc.review.threshold_proposal import LimitProposal

    none = Counts(hits=0, false_alarms=0, misses=0, valid=0)
    for one in tried:
        proposal = LimitProposal(
            parameter=limit.parameters[0], network="gas", stations=("s1",), present=limit, proposed=one, before=none,
            after=none, hours_before=0, hours_after=0, why="",
        )  # fmt: skip
        head = '[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n'
        loaded = parse_thresholds(head + to_overrides([proposal], "learnt"), "x")
        found = loaded.find(type(limit), limit.parameters[0], network="gas", station_id="s1", month=6)
        assert found is not None
        assert [getattr(found, name) for name in KNOBS[type(limit)]] == [
            getattr(one, name) for name in KNOBS[type(limit)]
        ]


def test_every_kind_of_limit_is_tried_or_cannot_be() -> None:
    from qc.run.limits import KINDS

    assert set(KNOBS) <= set(KINDS.limits.values())


@pytest.mark.parametrize("limit", LIMITS, ids=lambda item: type(item).__name__)
@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 5, [2.0] * 5])
def test_empty_single_missing_and_constant_series_are_run_without_a_crash(limit: Any, values: list[float]) -> None:
    item = series(np.array(values, dtype=float), np.zeros(len(values)))
    item = ReviewedSeries(
        network="gas",
        station_id="s1",
        parameter="o3",
        hourly=item.hourly.assign(pm10=1.0),
        truth=item.truth,
        flagged={},
    )
    times = INDEX[: len(values)].tz_localize(None).to_numpy()
    native = [(np.array(values, dtype=float), times)] if values else []
    assert len(run_again(limit, item, native)) == len(values)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.booleans()), min_size=1, max_size=40))
def test_counts_never_lose_an_hour(hours: list[tuple[int, bool]]) -> None:
    truth, flagged = (np.array(column) for column in zip(*hours, strict=True))
    found = count(truth, flagged.astype(bool))
    assert found.hits + found.misses == (truth == 1).sum()
    assert found.false_alarms <= found.valid == (truth == 0).sum()
    assert 0 <= found.f1 <= 1


def test_packaged_limits_can_all_be_tried() -> None:
    thresholds = load_thresholds()
    for code in ("o3", "pm25", "benzene"):
        for limit in thresholds.all_of(code, network="gas", station_id="", month=6):
            if type(limit) in KNOBS and getattr(limit, KNOBS[type(limit)][0]) is not None:
                assert limit in candidates(limit)
