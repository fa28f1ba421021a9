from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sensors.hj212.frame import Frame
from sensors.hj212.packet import Assembler
from tests.sensors.hj212.build import RECEIVED_AT

MINUTE = timedelta(minutes=1)


def part(number: int, total: int, qn: str = "20261122085500000") -> Frame:
    header = {"QN": qn, "ST": "22", "CN": "2061", "MN": "1", "Flag": "7", "PNUM": str(total), "PNO": str(number)}
    return Frame(header, f"a{number}".encode())


@given(st.integers(1, 12).flatmap(lambda total: st.permutations(range(1, total + 1))), st.data())
def test_parts_in_any_order_and_twice_make_one_upload(order: tuple[int, ...], data: st.DataObject) -> None:
    assembler: Assembler[int] = Assembler()
    again = data.draw(st.lists(st.sampled_from(order[:-1]), max_size=5)) if len(order) > 1 else []
    uploads = [
        assembler.add(part(number, len(order)), number, RECEIVED_AT) for number in [*order[:-1], *again, order[-1]]
    ]
    assert uploads[:-1] == [None] * (len(uploads) - 1)
    assert uploads[-1] is not None
    assert uploads[-1].in_order == sorted(order)
    assert assembler.waiting == []


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
