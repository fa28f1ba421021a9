from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.hj212.frame import Frame
from sensors.hj212.packet import Assembler
from tests.sensors.hj212.build import RECEIVED_AT

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def part(number: int, total: int, qn: str = "20261122085500000", content: str = "", **more: str) -> Frame:
    header = {"ST": "22", "CN": "2061", "MN": "1", "Flag": "7", "PNUM": str(total), "PNO": str(number), **more}
    return Frame({"QN": qn, **header} if qn else header, (content or f"a{number}").encode())


def joined(*arrivals: tuple[Frame, str, timedelta]) -> tuple[list[list[str]], list[list[str]]]:
    """Uploads that became complete, and what is left."""
    assembler: Assembler[str] = Assembler()
    found = [assembler.add(frame, name, RECEIVED_AT + after) for frame, name, after in arrivals]
    return [item.in_order for item in found if item is not None], [item.in_order for item in assembler.waiting]


@given(st.integers(1, 12), st.data())
def test_parts_in_order_and_sent_again_make_one_upload(total: int, data: st.DataObject) -> None:
    order: list[int] = []
    for number in range(1, total + 1):
        order += [number, *data.draw(st.lists(st.integers(1, number), max_size=2))] if number < total else [number]
    assembler: Assembler[int] = Assembler()
    uploads = [
        assembler.add(part(number, total), number, RECEIVED_AT + 20 * SECOND * at) for at, number in enumerate(order)
    ]
    assert uploads[:-1] == [None] * (len(uploads) - 1)
    assert uploads[-1] is not None
    assert uploads[-1].in_order == list(range(1, total + 1))
    assert assembler.waiting == []


@pytest.mark.parametrize("qn", ["", "20261122085500000"])
@pytest.mark.parametrize(
    "order", [["a2", "b1", "b2"], ["a1", "b1", "b2"], ["a2", "b1", "b2", "c1", "c2"], ["a2", "a1", "b1", "b2"], ["a2", "b2", "b1"]]
)  # fmt: skip
def test_halves_of_two_uploads_are_never_joined(order: list[str], qn: str) -> None:
    complete, waiting = joined(
        *((part(int(name[1]), 2, qn, f"{name}-Avg=1"), name, 20 * SECOND * at) for at, name in enumerate(order))
    )
    assert all(first[0] == second[0] for first, second in complete)
    assert sorted(name for names in [*complete, *waiting] for name in names) == sorted(order)


@pytest.mark.parametrize(
    "second",
    [
        part(2, 2, content="a2", ST="31"), part(2, 2, content="a2", MN="2"), part(2, 2, content="a2", CN="2051"),
        part(2, 2, "20261122085500001"), part(2, 2, ""), part(2, 3), part(2, 2, content="DataTime=20261122090000;b-Avg=1"),
    ],
)  # fmt: skip
def test_a_part_of_another_device_kind_request_or_time_is_not_joined(second: Frame) -> None:
    first = part(1, 2, content="DataTime=20261122080000;a-Avg=1")
    assert joined((first, "a1", 0 * SECOND), (second, "b2", SECOND))[0] == []


@given(st.integers(2, 8).flatmap(lambda total: st.permutations(range(1, total + 1))), st.data())
def test_parts_of_one_request_that_each_name_the_same_time_may_come_in_any_order(
    order: tuple[int, ...], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(order[:-1]), max_size=5))
    arrivals = [
        (part(number, len(order), content=f"DataTime=20261122080000;a{number}-Avg=1"), str(number), 0 * SECOND)
        for number in [*order[:-1], *again, order[-1]]
    ]
    assert joined(*arrivals) == ([[str(number) for number in sorted(order)]], [])


def test_parts_that_each_name_the_time_and_uploads_of_several_times_are_joined() -> None:
    same = "DataTime=20261122080000;a-Avg=1"
    assert joined((part(1, 2, content=same), "a1", SECOND), (part(2, 2, content=same + "2"), "a2", SECOND))[0]
    several = f"{same};DataTime=20261122090000;a-Avg=2"
    last = "DataTime=20261122100000;a-Avg=3"
    assert joined((part(1, 2, content=several), "a1", SECOND), (part(2, 2, content=last), "a2", SECOND))[0]


def test_a_pause_as_long_as_that_between_two_uploads_ends_an_upload() -> None:
    parts = part(1, 2, ""), part(2, 2, "")
    assert joined((parts[0], "a1", 0 * SECOND), (parts[1], "b2", 30 * SECOND)) == ([], [["a1"], ["b2"]])
    assert joined((parts[0], "a1", 0 * SECOND), (parts[1], "a2", 29 * SECOND)) == ([["a1", "a2"]], [])


def test_the_last_part_that_is_sent_again_after_a_lost_answer_changes_nothing() -> None:
    complete, waiting = joined(
        *((part(number, 2), f"a{number}", 5 * SECOND * at) for at, number in enumerate([1, 2, 2]))
    )
    assert (complete, waiting) == ([["a1", "a2"]], [])


@pytest.mark.parametrize("qn", ["", "20261122085500000"])
@pytest.mark.parametrize("order", [["a1", "b1", "a2", "b2"], ["a1", "b1", "b2", "a2"], ["a1", "b1", "a2"]])
def test_parts_of_two_uploads_that_are_mixed_are_handed_on_one_by_one(order: list[str], qn: str) -> None:
    complete, waiting = joined(*((part(int(name[1]), 2, qn, f"{name}-Avg=1"), name, 0 * SECOND) for name in order))
    assert complete == []
    assert sorted(waiting) == sorted([name] for name in order)


def test_what_follows_mixed_uploads_is_joined_again() -> None:
    order = ["a1", "b1", "b2", "c1", "c2"]
    complete, _ = joined(*((part(int(name[1]), 2, "", f"{name}-Avg=1"), name, 0 * SECOND) for name in order))
    assert complete == [["c1", "c2"]]
    after = part(1, 2, "", "b1-Avg=1"), part(2, 2, "", "b2-Avg=1")
    complete, _ = joined(
        (part(1, 2, "", "a1-Avg=1"), "a1", 0 * SECOND), (after[0], "b1", MINUTE), (after[1], "b2", MINUTE)
    )
    assert complete == [["b1", "b2"]]


@pytest.mark.parametrize("again", [1, 2])
def test_any_part_that_is_sent_again_after_its_upload_changes_nothing(again: int) -> None:
    order = [1, 2, again]
    complete, waiting = joined(*((part(number, 2), f"a{number}", 5 * SECOND * at) for at, number in enumerate(order)))
    assert (complete, waiting) == ([["a1", "a2"]], [])


def test_two_uploads_at_once_do_not_mix() -> None:
    assembler: Assembler[str] = Assembler()
    assert assembler.add(part(1, 2, "20261122085500001"), "a", RECEIVED_AT) is None
    assert assembler.add(part(2, 2, "20261122085500002"), "b", RECEIVED_AT) is None
    upload = assembler.add(part(2, 2, "20261122085500001"), "c", RECEIVED_AT)
    assert upload is not None
    assert upload.in_order == ["a", "c"]


def test_upload_that_stays_incomplete_is_given_up_with_what_is_missing() -> None:
    assembler: Assembler[str] = Assembler()
    assembler.add(part(2, 3), "b", RECEIVED_AT)
    assert assembler.overdue(RECEIVED_AT + MINUTE / 2, MINUTE) == []
    (upload,) = assembler.overdue(RECEIVED_AT + MINUTE, MINUTE)
    assert (upload.missing, upload.in_order) == ([1, 3], ["b"])


def test_what_is_held_is_bounded() -> None:
    assembler: Assembler[int] = Assembler(limit=3)
    for number in range(5):
        assembler.add(part(1, 2, f"2026112208550000{number}"), number, RECEIVED_AT)
    given_up = assembler.overdue(RECEIVED_AT, MINUTE)
    assert [upload.in_order for upload in given_up] == [[0], [1]]
