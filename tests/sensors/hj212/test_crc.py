from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.hj212.crc import CrcKind, checksum, crc16, modbus

with (Path(__file__).parent / "crc_vectors.csv").open(encoding="utf-8") as file:
    VECTORS = list(csv.DictReader(file))


def bit_by_bit(data: bytes) -> int:
    """The procedure of HJ 212-2017, annex A, as it is written there."""
    register = 0xFFFF
    for byte in data:
        register = register >> 8 ^ byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register


@pytest.mark.parametrize("vector", VECTORS, ids=lambda row: row["name"])
def test_published_frames_have_the_sum_of_the_standard(vector: dict[str, str]) -> None:
    segment = vector["frame"].encode()[6:-4]
    assert f"{crc16(segment):04X}" == vector["crc"]
    assert f"{modbus(segment):04X}" == vector["modbus"]
    assert (vector["frame"][-4:].upper() == vector["crc"]) is (vector["is_right"] == "true")


@given(st.binary(max_size=2_100))
def test_folding_gives_what_the_loop_of_the_annex_gives(data: bytes) -> None:
    assert crc16(data) == bit_by_bit(data)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 17, 1_024, 1_025, 9_999])
def test_every_length_folds(count: int) -> None:
    data = bytes(index * 7 & 0xFF for index in range(count))
    assert crc16(data) == bit_by_bit(data)


def test_swapped_variant_has_its_bytes_the_other_way_round() -> None:
    assert checksum(b"abc", CrcKind.MODBUS).to_bytes(2) == checksum(b"abc", CrcKind.MODBUS_SWAPPED).to_bytes(2)[::-1]
