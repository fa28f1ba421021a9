from __future__ import annotations

import gc
import weakref
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensors.hj212.frame import Rule
from sensors.hj212.framer import Framer, frames_of
from tests.sensors.hj212.build import frame

GOOD = frame("DataTime=20261122085500;a21026-Avg=6")
OTHER = frame("DataTime=20261122090000;a21026-Avg=7")


def sound(framer: Framer, *pieces: bytes) -> list[bytes]:
    return [item.raw for piece in pieces for item in framer.feed(piece) if item.frame is not None]


@given(st.lists(st.integers(0, 3 * len(GOOD)), max_size=8))
def test_frames_are_found_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = GOOD + OTHER + GOOD
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    framer = Framer()
    assert sound(framer, *pieces) == [GOOD[:-2], OTHER[:-2], GOOD[:-2]]
    assert framer.skipped_bytes == 0


def test_frames_without_line_ends_are_found() -> None:
    assert sound(Framer(), GOOD[:-2] + OTHER[:-2]) == [GOOD[:-2], OTHER[:-2]]


@given(st.binary(max_size=60))
def test_after_any_garbage_a_frame_on_a_new_line_is_found(garbage: bytes) -> None:
    framer = Framer()
    found = sound(framer, garbage + b"\r\n" + GOOD)
    found += [item.raw for item in framer.end() if item.frame is not None]
    assert found[-1] == GOOD[:-2]


@given(st.binary(max_size=400).map(lambda noise: noise.replace(b"\r\n##", b"")), st.integers(1, 50))
def test_any_stream_is_taken_in_and_memory_stays_bounded(noise: bytes, step: int) -> None:
    framer = Framer()
    for start in range(0, len(noise), step):
        framer.feed(noise[start : start + step])
        assert len(framer._buffer) <= 2_000
    framer.end()
    assert not framer.is_inside


def test_wrong_sum_costs_that_frame_only() -> None:
    broken = GOOD.replace(b"a21026", b"a21027")
    items = Framer().feed(broken + OTHER)
    assert [item.error.rule if item.error else None for item in items] == [Rule.CRC, None]
    assert items[1].raw == OTHER[:-2]


def test_frame_that_was_cut_short_does_not_swallow_the_next() -> None:
    framer = Framer()
    items = framer.feed(GOOD[:40] + b"\r\n" + OTHER[:30]) + framer.feed(OTHER[30:])
    assert [item.error.rule if item.error else None for item in items] == [Rule.LENGTH, None]


def test_length_beyond_the_limit_is_refused_at_once() -> None:
    (item,) = Framer().feed(b"##9999ST=22")
    assert item.error is not None
    assert item.error.rule is Rule.LENGTH


def test_a_lie_about_the_length_ends_with_the_stream() -> None:
    framer = Framer()
    assert framer.feed(b"##0900" + GOOD) == []
    assert [item.frame is not None for item in framer.end()] == [False, True]


def test_payload_of_several_frames_is_split_where_a_frame_begins() -> None:
    assert [item.raw for item in frames_of(GOOD + OTHER)] == [GOOD[:-2], OTHER[:-2]]
    (empty,) = frames_of(b"")
    assert empty.error is not None


def test_unsound_frame_leaves_nothing_in_memory() -> None:
    items = Framer().feed(b"##0004abcd0000" + b"##12x4" + GOOD[:-6] + b"GGGG" + b"##9999")
    errors = [weakref.ref(item.error) for item in items if item.error is not None]
    assert len(errors) == 4
    del items
    gc.collect()
    assert [error() for error in errors] == [None] * 4


SHORT_SUM = next(
    raw for number in range(1_000) if (raw := frame(f"DataTime=20261122085500;a21026-Avg={number}"))[-6:-5] == b"0"
)


@given(st.integers(1, len(SHORT_SUM)))
def test_a_sum_without_its_leading_zero_ends_where_the_line_ends(cut: int) -> None:
    short = SHORT_SUM[:-6] + SHORT_SUM[-5:]
    framer = Framer()
    assert sound(framer, (short + OTHER)[:cut], (short + OTHER)[cut:]) == [short[:-2], OTHER[:-2]]
    assert sound(Framer(), short[:-2] + OTHER) == [short[:-2], OTHER[:-2]]
    assert [item.raw for item in frames_of(short[:-2] + short[:-2])] == [short[:-2]] * 2
