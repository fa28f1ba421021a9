from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.hj212.content import encode_content, field_name, parse_content, plain_text
from sensors.hj212.crc import CrcKind
from sensors.hj212.frame import (
    TOLERANT,
    BadFrameError,
    Frame,
    Rule,
    Version,
    _decode_carefully,
    decode_frame,
    encode_frame,
)

with (Path(__file__).parent / "crc_vectors.csv").open(encoding="utf-8") as file:
    PUBLISHED = [row["frame"].encode() for row in csv.DictReader(file) if row["is_right"] == "true"]
NAMES = st.text("abcXYZ019", min_size=1, max_size=6)
HEADERS = st.fixed_dictionaries(
    {
        "ST": st.sampled_from(["22", "91"]),
        "CN": st.sampled_from(["2011", "2051"]),
        "MN": st.text("AZ09_", min_size=1, max_size=61),
    },
    optional={
        "QN": st.text("0123456789", min_size=17, max_size=17),
        "PW": st.text("ab=,1", max_size=30),
        "Flag": st.integers(0, 255).map(str),
        "Other": st.text("ab=1", max_size=9),
    },
)
FRAMES = st.builds(Frame, HEADERS, st.binary(max_size=700), st.sampled_from(CrcKind))


def frame_of(segment: bytes) -> bytes:
    """A frame around any segment, with the right sum."""
    from sensors.hj212.crc import crc16

    return b"##%04d%s%04X" % (len(segment), segment, crc16(segment))


@pytest.mark.parametrize("raw", PUBLISHED)
def test_published_frame_is_written_as_it_was_read(raw: bytes) -> None:
    frame = decode_frame(raw + b"\r\n")
    assert encode_frame(frame) == raw
    assert encode_content(parse_content(frame.content)) == frame.content


@given(FRAMES)
def test_what_was_encoded_decodes_to_the_same_frame(frame: Frame) -> None:
    raw = encode_frame(frame)
    found = decode_frame(raw, TOLERANT)
    assert (found.header, found.content) == (frame.header, frame.content)
    assert encode_frame(found) == raw


@given(FRAMES, st.lists(st.booleans(), min_size=4, max_size=4))
def test_sum_in_small_and_capital_digits_is_written_as_it_was_read(frame: Frame, small: list[bool]) -> None:
    raw = encode_frame(frame)
    digits = raw[-4:].decode()
    mixed = raw[:-4] + "".join(a.lower() if b else a for a, b in zip(digits, small, strict=True)).encode()
    assert encode_frame(decode_frame(mixed, TOLERANT)) == mixed


@given(FRAMES)
def test_the_fast_way_and_the_careful_way_agree(frame: Frame) -> None:
    raw = encode_frame(frame)
    assert decode_frame(raw, TOLERANT) == _decode_carefully(raw, TOLERANT)


@given(
    st.binary(max_size=80) | st.binary(max_size=60).map(frame_of) | st.binary(max_size=40).map(lambda b: b"##0040" + b)
)
def test_no_bytes_raise_anything_but_the_one_error(raw: bytes) -> None:
    with suppress(BadFrameError):
        assert encode_frame(decode_frame(raw)) == raw.removesuffix(b"\r\n")


@given(st.text().filter(lambda text: "\0" not in text))
def test_any_text_survives_the_grammar(text: str) -> None:
    assert encode_content(parse_content(text.encode())) == text.encode()


def test_fields_have_their_names_wherever_they_stand() -> None:
    content = parse_content("DataTime=1;a1-Flag=N,a1-Rtd=2;新字段=值;".encode())
    assert [field_name(field) for field in content] == ["DataTime", "a1-Flag", "a1-Rtd", "新字段", ""]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"", Rule.MARK),
        (b"#00", Rule.MARK),
        (b"##00", Rule.LENGTH),
        (b"##12x4", Rule.LENGTH),
        (b"##9999", Rule.LENGTH),
        (PUBLISHED[0][:-5], Rule.LENGTH),
        (PUBLISHED[0] + b"0", Rule.LENGTH),
        (PUBLISHED[0] * 2, Rule.LENGTH),
        (PUBLISHED[0][:-1] + b"1", Rule.CRC),
        (PUBLISHED[0][:-1] + b"G", Rule.CRC),
        (PUBLISHED[0][:-4] + b"0759", Rule.CRC),
        (frame_of(b""), Rule.HEADER),
        (frame_of(b"CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=1;CP=&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=2;CN=2011;MN=1;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=20x1;MN=1;CP=&&&&"), Rule.HEADER),
        (frame_of(b"QN=1;ST=22;CN=2011;MN=1;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;ST=22;CN=2011;MN=1;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=1;;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=1;what;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=\xff;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=1;Flag=256;CP=&&&&"), Rule.HEADER),
        (frame_of(b"ST=22;CN=2011;MN=1;Flag=7;PNUM=2;CP=&&&&"), Rule.PACKET),
        (frame_of(b"ST=22;CN=2011;MN=1;Flag=7;PNUM=2;PNO=3;CP=&&&&"), Rule.PACKET),
        (frame_of(b"ST=22;CN=2011;MN=1;Flag=7;PNUM=2;PNO=0;CP=&&&&"), Rule.PACKET),
    ],
)
def test_unsound_frame_is_refused_with_its_rule(raw: bytes, rule: Rule) -> None:
    with pytest.raises(BadFrameError) as caught:
        decode_frame(raw)
    assert caught.value.rule is rule


def test_segment_over_1024_bytes_is_for_the_tolerant_mode_only() -> None:
    raw = encode_frame(Frame({"ST": "22", "CN": "2011", "MN": "1"}, b"x" * 1_100))
    assert len(decode_frame(raw, TOLERANT).content) == 1_100
    with pytest.raises(BadFrameError, match="expected at most 1024"):
        decode_frame(raw)


@pytest.mark.parametrize(("flag", "version"), [(0, 0), (5, Version.V2017), (7, Version.V2017), (9, Version.V2025)])
def test_flag_names_the_edition(flag: int, version: int) -> None:
    frame = Frame({"ST": "22", "CN": "2011", "MN": "1", "Flag": str(flag)})
    assert frame.version == version
    assert frame.wants_answer is bool(flag % 2)


def test_bytes_that_are_not_utf8_concern_their_field_only() -> None:
    raw = "StationName=沈阳,Note=备注;a21026-Avg=6".encode("gbk")
    content = parse_content(raw)
    assert [field_name(field) for field in content] == ["StationName", "Note", "a21026-Avg"]
    assert content[2][2] == "6"
    assert plain_text(content[0][2]) == "沈阳"
    assert encode_content(content) == raw


@given(st.binary().filter(lambda raw: b"\0" not in raw))
def test_any_bytes_survive_the_grammar(raw: bytes) -> None:
    assert encode_content(parse_content(raw)) == raw


def test_a_nul_breaks_the_content_rule() -> None:
    with pytest.raises(BadFrameError, match="NUL"):
        parse_content(b"a=\0")


@pytest.mark.parametrize(("kind", "digits"), [(CrcKind.STANDARD, 3), (CrcKind.MODBUS, 3), (CrcKind.MODBUS, 2)])
def test_a_sum_without_its_leading_zeros_is_the_same_sum(kind: CrcKind, digits: int) -> None:
    header = {"ST": "22", "CN": "2011", "MN": "1"}
    frames = (encode_frame(Frame(header, b"%d" % number, kind)) for number in range(100_000))
    raw = next(whole for whole in frames if 0 < int(whole[-4:], 16) < 16**digits)
    short = raw[:-4] + raw[-digits:]
    assert decode_frame(short, TOLERANT).content == decode_frame(raw, TOLERANT).content
    assert encode_frame(decode_frame(short + b"\r\n", TOLERANT)) == short
    with pytest.raises(BadFrameError):
        decode_frame(raw[:-1], TOLERANT)


def test_dust_devices_have_a_letter_in_their_kind_of_system() -> None:
    assert decode_frame(frame_of(b"ST=A1;CN=2011;PW=1;MN=1;CP=&&&&")).header["ST"] == "A1"
