"""Frames met in the field (`shared_data`/hj212): others' data, read where they are."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from sensors.hj212.content import encode_content, parse_content
from sensors.hj212.frame import TOLERANT, BadFrameError, decode_frame, encode_frame
from sensors.hj212.framer import Framer

if TYPE_CHECKING:
    from pathlib import Path


def rows(shared_data: Path, name: str) -> list[dict[str, str]]:
    path = shared_data / "hj212" / name
    if not path.exists():
        pytest.skip(f"frames of others are absent: {path}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_every_sound_frame_is_written_as_it_was_read(shared_data: Path) -> None:
    frames = [row["frame"].encode() for row in rows(shared_data, "frames_valid.tsv")]
    assert len(frames) > 20
    for raw in frames:
        frame = decode_frame(raw)
        assert encode_frame(frame) == raw
        assert encode_content(parse_content(frame.content)) == frame.content


def test_every_wrong_frame_is_refused_with_its_reason(shared_data: Path) -> None:
    for row in rows(shared_data, "frames_invalid.tsv"):
        with pytest.raises(BadFrameError) as caught:
            decode_frame(row["frame"].encode())
        assert caught.value.rule == row["problem"]


def test_modbus_variants_pass_in_tolerant_mode_only(shared_data: Path) -> None:
    for row in rows(shared_data, "frames_nonstandard_crc.tsv"):
        raw = row["frame"].encode()
        with pytest.raises(BadFrameError):
            decode_frame(raw)
        frame = decode_frame(raw, TOLERANT)
        assert frame.crc_kind == row["crc_kind"].replace("-", "_")
        assert encode_frame(frame) == raw


def test_wrong_frames_between_sound_ones_cost_no_sound_one(shared_data: Path) -> None:
    sound = [row["frame"].encode() for row in rows(shared_data, "frames_valid.tsv")]
    wrong = [row["frame"].encode() for row in rows(shared_data, "frames_invalid.tsv")]
    framer = Framer()
    found = framer.feed(b"".join(piece + b"\r\n" for pair in zip(sound, wrong * 3, strict=False) for piece in pair))
    found += framer.end()
    assert [item.raw for item in found if item.frame is not None] == sound
