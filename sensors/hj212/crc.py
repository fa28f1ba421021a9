"""The check sums met in frames: that of the standard, and MODBUS, which some devices compute instead.

The standard's sum shifts the register before it takes the byte in, so only the high half of the register lives on and a
step on it is linear over GF(2). With ``M`` that step, the last index into the table is the XOR of ``M^(n-i) b_i``, and
``M^8`` is the identity (a test checks it): bytes eight apart count alike. So the data are folded as one large integer,
half onto half, down to eight bytes, and the loop of an interpreted language runs over those only.

References
----------
HJ 212-2017, annex A (procedure and worked example, 1C80; its prose misprints it once as 1C08).
"""

from __future__ import annotations

from enum import StrEnum

_POLYNOMIAL = 0xA001
_START = 0xFFFF
_PERIOD_BITS = 64
_FOLDS = tuple((bits, (1 << bits) - 1) for bits in (_PERIOD_BITS << power for power in range(11)))


class CrcKind(StrEnum):
    """How a check sum was computed and written."""

    STANDARD = "standard"
    MODBUS = "modbus"
    MODBUS_SWAPPED = "modbus_swapped"


def _rounds(register: int) -> int:
    for _ in range(8):
        register = register >> 1 ^ (_POLYNOMIAL if register & 1 else 0)
    return register


_TABLE = tuple(_rounds(index) for index in range(256))
_STEP = bytes(register >> 8 for register in _TABLE)


def crc16(data: bytes) -> int:
    """Check sum of the standard.

    Parameters
    ----------
    data : bytes
        The data segment: after the four digits of its length, before the check sum.

    Returns
    -------
    int
        0 to 65,535; written as four hexadecimal digits, the high byte first.

    References
    ----------
    HJ 212-2017, annex A.
    """
    count = len(data)
    if count == 0:
        return _START
    folded = int.from_bytes(data) ^ 0xFF << 8 * (count - 1)
    for bits, mask in reversed(_FOLDS[: max(0, (count - 1) >> 3).bit_length()]):
        folded = folded >> bits ^ folded & mask
    index = 0
    for byte in folded.to_bytes(8):
        index = _STEP[index] ^ byte
    return _TABLE[index]


def modbus(data: bytes) -> int:
    """Check sum of MODBUS over the same bytes; used where a device is known to send it.

    >>> f"{modbus(b'123456789'):04X}"
    '4B37'
    """
    register = _START
    for byte in data:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def checksum(data: bytes, kind: CrcKind) -> int:
    """Check sum of a kind, as the number of its four digits."""
    if kind is CrcKind.STANDARD:
        return crc16(data)
    value = modbus(data)
    return value if kind is CrcKind.MODBUS else value >> 8 | (value & 0xFF) << 8
