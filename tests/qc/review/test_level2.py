"""What verdicts of people do to hours, upon what they were made, and what is chosen for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.review.basis import basis_of, changed_hours, digest_hours
from qc.review.completeness import review_completeness
from qc.review.level2 import reviewed
from qc.review.selection import Selection, select_targets
from schemas.frames import FLAG_COLUMNS, valid_values
from schemas.review import (
    Review,
    ReviewAction,
    ReviewCode,
    ReviewReason,
    ReviewState,
    ReviewStep,
    ReviewTarget,
    ReviewVerdict,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def frame(flags: list[int] | None = None, values: list[float] | None = None) -> pd.DataFrame:
    flags = flags or [1, 3, 4, 9, 1, 1]
    values = values or [10.0, 90.0, 11.0, np.nan, 12.0, 13.0]
    index = pd.date_range(START, periods=len(flags), freq="h", unit="us", name="start")
    return pd.DataFrame({"o3": values, "o3__n": 60, "o3__flag": np.array(flags, dtype=np.int8)}, index=index)


def review(
    verdict: ReviewVerdict,
    first: int = 0,
    last: int = 6,
    *,
    state: ReviewState = ReviewState.CONFIRMED,
    upon: pd.DataFrame | None = None,
    **change: Any,
) -> Review:
    start, end = START + first * HOUR, START + last * HOUR
    target = ReviewTarget(network="gas", station_id="s1", parameter="o3", start=start, end=end)
    step = ReviewStep(position=1, action=ReviewAction.PROPOSE, who="li", at=end, note="")
    said = {
        "id": "r",
        "bulk_id": "b",
        "target": target,
        "reason": ReviewReason.OTHER,
        "basis": basis_of(frame() if upon is None else upon, "o3", start, end),
        "steps": (step,),
    }
    return Review(**{**said, "verdict": verdict, "state": state, **change})


@pytest.mark.parametrize(
    ("verdict", "flags"),
    [
        (ReviewVerdict.VALID, [1, 1, 1, 9, 1, 1]),
        (ReviewVerdict.INVALID, [4, 4, 4, 9, 4, 4]),
        (ReviewVerdict.SUSPECT, [3, 3, 3, 9, 3, 3]),
        (ReviewVerdict.AS_FLAGGED, [1, 3, 4, 9, 1, 1]),
    ],
)
def test_a_verdict_sets_the_flag_and_never_the_value(verdict: ReviewVerdict, flags: list[int]) -> None:
    found = reviewed(frame(), [review(verdict)])
    assert found["o3__flag"].tolist() == flags
    assert found["o3__review"].eq(ReviewCode.CONFIRMED).all()
    pd.testing.assert_series_equal(found["o3"], frame()["o3"])


def test_only_the_hours_of_the_review_change() -> None:
    found = reviewed(frame(), [review(ReviewVerdict.INVALID, 1, 3)])
    assert found["o3__flag"].tolist() == [1, 4, 4, 9, 1, 1]
    assert found["o3__review"].tolist() == [0, 2, 2, 0, 0, 0]
    assert valid_values(found, "o3").notna().tolist() == [True, False, False, False, True, True]


@pytest.mark.parametrize(
    ("state", "flag", "code"),
    [
        (ReviewState.PROPOSED, 3, ReviewCode.PROPOSED),
        (ReviewState.CONFIRMED, 1, ReviewCode.CONFIRMED),
        (ReviewState.SIGNED, 1, ReviewCode.SIGNED),
        (ReviewState.RETURNED, 3, ReviewCode.NONE),
        (ReviewState.WITHDRAWN, 3, ReviewCode.NONE),
    ],
)
def test_a_review_counts_once_it_is_confirmed(state: ReviewState, flag: int, code: ReviewCode) -> None:
    found = reviewed(frame(), [review(ReviewVerdict.VALID, state=state)])
    assert (found["o3__flag"].iloc[1], found["o3__review"].iloc[1]) == (flag, code)


def test_level2_can_be_limited_to_signed_reviews() -> None:
    found = reviewed(frame(), [review(ReviewVerdict.VALID)], least=ReviewCode.SIGNED)
    assert found["o3__flag"].tolist() == frame()["o3__flag"].tolist()


def test_a_verdict_made_after_the_hours_counts_where_no_review_does() -> None:
    starts = frame().index
    rows = [(starts[hour], "a", None, "o3", "instrument_drift", 3, "drifts") for hour in (0, 4, 5)]
    drift = pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
    found = reviewed(frame(), [review(ReviewVerdict.VALID, 4, 5), review(ReviewVerdict.AS_FLAGGED, 5, 6)], drift)
    assert found["o3__flag"].tolist() == [3, 3, 4, 9, 1, 3]
    assert found["o3__review"].tolist() == [0, 0, 0, 0, 2, 2]  # no review is stale for it


def test_an_hour_that_changed_since_review_keeps_its_automatic_flag_and_is_stale() -> None:
    verdict = review(ReviewVerdict.VALID)
    later = frame([1, 3, 4, 3, 1, 1], [10.0, 91.0, 11.0, 8.0, 12.0, 13.0])
    found = reviewed(later, [verdict])
    assert found["o3__flag"].tolist() == [1, 3, 1, 3, 1, 1]
    assert found["o3__review"].tolist() == [2, 8, 2, 8, 2, 2]
    assert changed_hours(later, verdict).hour.tolist() == [1, 3]


def test_the_later_of_two_reviews_wins_where_both_speak() -> None:
    found = reviewed(frame(), [review(ReviewVerdict.INVALID), review(ReviewVerdict.AS_FLAGGED, 1, 2)])
    assert found["o3__flag"].tolist() == [4, 3, 4, 9, 4, 4]


def test_a_proposal_over_a_signed_review_changes_nothing_yet() -> None:
    signed = review(ReviewVerdict.INVALID, state=ReviewState.SIGNED)
    found = reviewed(frame(), [signed, review(ReviewVerdict.VALID, state=ReviewState.PROPOSED)])
    assert found["o3__flag"].tolist() == [4, 4, 4, 9, 4, 4]
    assert found["o3__review"].eq(ReviewCode.SIGNED).all()


def test_a_basis_of_another_length_fits_no_hour() -> None:
    found = reviewed(frame(), [review(ReviewVerdict.VALID, basis="00")])
    assert found["o3__review"].eq(ReviewCode.STALE).all()


@pytest.mark.parametrize("empty", [frame().iloc[:0], frame()[[]]])
def test_nothing_to_review_gives_nothing(empty: pd.DataFrame) -> None:
    assert len(reviewed(empty, [review(ReviewVerdict.VALID)])) == len(empty)
    assert review_completeness(reviewed(empty, []), empty, SHANGHAI)["hours"].sum() == 0


def test_missing_hours_can_be_reviewed_before_they_come() -> None:
    early = review(ReviewVerdict.INVALID, upon=frame().iloc[:2])
    assert changed_hours(frame(), early).hour.tolist() == [2, 4, 5]


numbers = st.floats(allow_nan=True, allow_infinity=False, width=64)
codes = st.sampled_from([1, 2, 3, 4, 9])


@given(first=numbers, second=numbers, one=codes, other=codes)
def test_digests_are_equal_exactly_for_equal_hours(first: float, second: float, one: int, other: int) -> None:
    digests = digest_hours(np.array([first, second]), np.array([one, other], dtype=np.int8))
    same = (first == second or (np.isnan(first) and np.isnan(second))) and one == other
    assert (digests[0] == digests[1]) == same


def test_the_digest_is_fnv_1a_of_value_and_flag() -> None:
    expected = 0xCBF29CE484222325
    for octet in np.array([12.5], dtype=">f8").tobytes() + bytes([3]):
        expected = (expected ^ octet) * 0x100000001B3 % 2**64
    assert int(digest_hours(np.array([12.5]), np.array([3], dtype=np.int8))[0]) == expected


@given(
    st.lists(st.tuples(numbers, codes), min_size=6, max_size=6),
    st.sampled_from(list(ReviewVerdict)),
    st.integers(0, 5),
    st.integers(1, 6),
)
def test_review_never_touches_a_value_nor_invents_one(
    hours: list[tuple[float, int]], verdict: ReviewVerdict, first: int, length: int
) -> None:
    given_frame = frame([flag for _, flag in hours], [value for value, _ in hours])
    found = reviewed(given_frame, [review(verdict, first, min(6, first + length), upon=given_frame)])
    pd.testing.assert_series_equal(found["o3"], given_frame["o3"])
    assert not valid_values(found, "o3")[given_frame["o3"].isna()].notna().any()


def flags(*rows: tuple[int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(START + hour * HOUR, "s1", None, "o3", test, 3, "r") for hour, test in rows],
        columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"],
    )


@pytest.mark.parametrize(
    ("selection", "runs"),
    [
        (Selection(), [(0, 6)]),
        (Selection(flags=(3, 4)), [(1, 3)]),
        (Selection(flags=(1,)), [(0, 1), (4, 6)]),
        (Selection(above=11.5), [(1, 2), (4, 6)]),
        (Selection(below=10.5), [(0, 1)]),
        (Selection(tests=("hourly_spike",)), [(1, 2), (5, 6)]),
        (Selection(tests=("hourly_spike",), flags=(3,)), [(1, 2)]),
        (Selection(tests=("gap",)), []),
    ],
)
def test_a_selection_becomes_intervals_without_holes(selection: Selection, runs: list[tuple[int, int]]) -> None:
    records = flags((1, "hourly_spike"), (5, "hourly_spike"), (0, "hourly_flat"))
    found = select_targets(
        {"s1": frame()}, records, selection, network="gas", parameters=["o3", "no2"], interval=(START, START + 6 * HOUR)
    )
    assert [((item.start - START) // HOUR, (item.end - START) // HOUR) for item in found] == runs


def test_completeness_counts_by_civil_month() -> None:
    index = pd.date_range("2026-06-30 12:00", periods=8, freq="h", tz="UTC", unit="us", name="start")
    hourly = pd.DataFrame({"o3": 1.0, "o3__flag": np.int8(3)}, index=index)
    level2 = reviewed(hourly, []).assign(o3__review=np.array([2, 2, 3, 0, 8, 3, 0, 0], dtype=np.int8))
    table = review_completeness(level2, hourly, SHANGHAI)
    assert table["period"].tolist() == ["2026-06", "2026-07"]
    assert table[["hours", "confirmed", "signed", "stale"]].to_numpy().tolist() == [[4, 3, 1, 0], [4, 1, 1, 1]]
    assert table["completeness"].tolist() == [0.75, 0.25]
