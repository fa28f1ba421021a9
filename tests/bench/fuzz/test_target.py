"""What the fuzzer feeds holds its promises on all that is known already; the fuzzer itself is `make fuzz`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.__main__ import WORDS, seeds
from bench.fuzz.target import CUT, MN, PASSWORD, TARGETS, frame_around, run, tagged

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = seeds()
SOUND = f"ST=22;CN=2051;PW={PASSWORD};MN={MN};CP=&&DataTime=20261122085500;a21026-Avg=6&&".encode()


@pytest.mark.parametrize("name", SEEDS)
def test_known_input_breaks_no_promise(name: str) -> None:
    run(SEEDS[name])


def test_frames_met_in_the_field_break_no_promise(shared_data: Path) -> None:
    paths = sorted((shared_data / "hj212").glob("*.tsv"))
    frames = [frame for path in paths for line in path.read_bytes().splitlines() for frame in line.split(b"\t")]
    for raw in frames:
        for target in ("framer", "frame", "hj212", "gateway"):
            run(tagged(target, b"\xff" + raw))
            run(tagged(target, raw))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_takes_known_inputs_of_the_others_and_damaged_ones(target: str) -> None:
    rng = random.Random(212)
    for data in [item[1:] for item in SEEDS.values() if len(item) > 1] * 3:
        damaged = bytearray(data)
        for _ in range(rng.randint(0, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        run(tagged(target, bytes(damaged)))


@given(
    st.lists(st.sampled_from(WORDS).map(str.encode) | st.sampled_from([CUT, SOUND, frame_around(SOUND)]), max_size=8)
)
def test_any_pieces_of_a_conversation_are_taken_by_the_gateway(pieces: list[bytes]) -> None:
    run(tagged("gateway", b"".join(pieces)))


def test_sound_frame_of_a_known_device_is_kept_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.fuzz import target as fuzz_target

    kept: list[object] = []
    monkeypatch.setattr(fuzz_target._BufferWriter, "put", lambda _, message, then: (kept.append(message), then()))
    run(tagged("gateway", SOUND + CUT + SOUND.replace(b"123456", b"654321")))
    assert len(kept) == 1


def test_request_that_is_not_utf8_is_not_understood_and_nothing_more() -> None:
    run(tagged("command", b'{"\xff":1}'))
