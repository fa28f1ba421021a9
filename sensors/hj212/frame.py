"""One frame: ``##``, four digits of length, data segment, four digits of check sum, CR LF.

References
----------
HJ 212-2017, 6.3: frame and data segment; 6.3.3: the bits of Flag. HJ/T 212-2005 frames have the same shape, often without
QN and Flag. The version number of HJ 212-2025 is known from secondary sources only.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum

import msgspec

from sensors.hj212.crc import CrcKind, checksum, crc16

MARK = b"##"
SEGMENT_MAX = 1_024
"""Longest data segment [B] (HJ 212-2017, 6.3.1)."""
PREFIX = 6
SUFFIX = 4
_CONTENT = b"CP=&&"
_END = b"&&"
_VALUE_MAX = 64
_QN = re.compile(r"[0-9]{17}")
_PACKET = re.compile(r"[1-9][0-9]{0,3}")
_FLAG_MAX = 255
# What nearly every sound frame looks like; anything else takes the path that reports what is wrong.
_USUAL = re.compile(
    rb"##(?P<length>[0-9]{4})"
    rb"(?P<segment>(?P<header>(?:QN=[0-9]{17};)?ST=[0-9A-Za-z]{2};CN=[0-9]{4};PW=[!-:<-~]{0,32};MN=[!-:<-~]{1,32}"
    rb"(?:;Flag=[0-9]{1,2})?);CP=&&(?P<content>.*)&&)(?P<crc>[0-9A-Fa-f]{1,4})(?:\r\n)?",
    re.DOTALL,
)
_SUM = re.compile(rb"[0-9A-Fa-f]{1,4}")
# ST of the field: two digits, and letters such as A1 of dust devices.
_CODES = {"ST": (re.compile(r"[0-9A-Za-z]{2}"), "2 digits"), "CN": (re.compile(r"[0-9]{4}"), "4 digits")}


class Rule(StrEnum):
    """Which rule of the protocol a frame breaks."""

    MARK = "mark"
    LENGTH = "length"
    CRC = "crc"
    HEADER = "header"
    CONTENT = "content"
    PACKET = "packet"
    CIPHER = "cipher"


class BadFrameError(ValueError):
    """A frame that breaks a rule; the message begins with the rule's name."""

    def __init__(self, rule: Rule, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule


class Version(IntEnum):
    """Edition that bits 2 to 7 of Flag name."""

    V2005 = 0
    V2017 = 1
    V2025 = 2


class Acceptance(msgspec.Struct, frozen=True):
    """What is accepted: kinds of CRC, tried in this order, and the longest data segment [B]."""

    crc: tuple[CrcKind, ...] = (CrcKind.STANDARD,)
    segment_max: int = SEGMENT_MAX


STRICT = Acceptance()
TOLERANT = Acceptance((CrcKind.STANDARD, CrcKind.MODBUS, CrcKind.MODBUS_SWAPPED), 9_999)
"""For devices known to compute MODBUS; they were also seen to send segments of 1,025 bytes."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A frame whose length and check sum are right.

    Attributes
    ----------
    header : dict of str to str
        Everything before CP, in the order of the frame; unknown names are kept.
    content : bytes
        Between ``CP=&&`` and ``&&``; may be ciphered (2025).
    crc_kind : CrcKind
    crc_case : int
        Bits that turn the capital digits of the check sum into the small ones of the frame; 0 where it had none.
    crc_digits : int
        Digits of the check sum in the frame; fewer than four where the device writes no leading zeros (one sum in 16 has one).
    """

    header: dict[str, str]
    content: bytes = b""
    crc_kind: CrcKind = CrcKind.STANDARD
    crc_case: int = 0
    crc_digits: int = SUFFIX

    @property
    def mn(self) -> str:
        """Number of the device."""
        return self.header["MN"]

    @property
    def cn(self) -> str:
        """Command, four digits."""
        return self.header["CN"]

    @property
    def qn(self) -> str:
        """Request number, empty where a 2005 frame has none. Never the time of the data."""
        return self.header.get("QN", "")

    @property
    def flag(self) -> int:
        """Flag as a number; 0 where absent (2005)."""
        return int(self.header.get("Flag", "0"))

    @property
    def wants_answer(self) -> bool:
        """Bit 0 of Flag."""
        return bool(self.flag & 1)

    @property
    def version(self) -> int:
        """Bits 2 to 7 of Flag: a `Version`, or a number that no edition has."""
        return self.flag >> 2

    @property
    def packet(self) -> tuple[int, int]:
        """``(PNO, PNUM)``; ``(1, 1)`` for what is not split, also where bit 1 of Flag is set without need."""
        return int(self.header.get("PNO", "1")), int(self.header.get("PNUM", "1"))


def decode_frame(raw: bytes, acceptance: Acceptance = STRICT) -> Frame:
    """Decode exactly one frame.

    Parameters
    ----------
    raw : bytes
        From ``##`` to the check sum, with or without CR LF.
    acceptance : Acceptance

    Raises
    ------
    BadFrameError
        Names the rule and what was found.
    """
    usual = _USUAL.fullmatch(raw)
    if usual is not None:
        length, segment, head, content, text = usual.groups()
        if len(segment) == int(length) <= acceptance.segment_max and crc16(segment) == int(text, 16):
            header = dict([item.split("=", 1) for item in head.decode("ascii").split(";")])
            return Frame(header, content, CrcKind.STANDARD, _case(text), len(text))
    return _decode_carefully(raw, acceptance)


def _decode_carefully(raw: bytes, acceptance: Acceptance) -> Frame:
    segment = raw[PREFIX : PREFIX + _declared(raw, acceptance)]
    text = raw[PREFIX + len(segment) :]
    if text.endswith(b"\r\n"):
        text = text[:-2]
    if not 0 < len(text) <= SUFFIX or len(segment) != int(raw[2:PREFIX]):
        found = max(0, len(raw.rstrip(b"\r\n")) - PREFIX - SUFFIX)
        raise BadFrameError(Rule.LENGTH, f"{raw[2:PREFIX].decode()} bytes declared, {found} found")
    kind = _crc_kind(segment, text, acceptance)
    header, content = _parts(segment)
    return Frame(header, content, kind, _case(text), len(text))


def encode_frame(frame: Frame) -> bytes:
    """Bytes of a frame up to its check sum, without CR LF; inverse of `decode_frame`.

    Raises
    ------
    BadFrameError
        The data segment is too long for four digits.
    """
    header = "".join(f"{name}={value};" for name, value in frame.header.items())
    segment = b"%sCP=&&%s&&" % (header.encode("ascii"), frame.content)
    if len(segment) > TOLERANT.segment_max:
        raise BadFrameError(Rule.LENGTH, f"{len(segment)} bytes, at most {TOLERANT.segment_max} can be written")
    text = b"%0*X" % (frame.crc_digits, checksum(segment, frame.crc_kind))
    if frame.crc_case:
        text = (int.from_bytes(text) | frame.crc_case).to_bytes(len(text))
    return b"##%04d%s%s" % (len(segment), segment, text)


def _case(text: bytes) -> int:
    capitals = text.upper()
    return 0 if text == capitals else int.from_bytes(text) ^ int.from_bytes(capitals)


def _declared(raw: bytes, acceptance: Acceptance) -> int:
    if not raw.startswith(MARK):
        raise BadFrameError(Rule.MARK, f"begins with {raw[:2]!r}, expected '##'")
    digits = raw[2:PREFIX]
    if len(digits) != PREFIX - 2 or not digits.isdigit():
        raise BadFrameError(Rule.LENGTH, f"{digits!r}, expected four digits")
    declared = int(digits)
    if declared > acceptance.segment_max:
        raise BadFrameError(Rule.LENGTH, f"{declared} bytes declared, expected at most {acceptance.segment_max}")
    return declared


def _crc_kind(segment: bytes, text: bytes, acceptance: Acceptance) -> CrcKind:
    if not _SUM.fullmatch(text):
        raise BadFrameError(Rule.CRC, f"{text!r}, expected four hexadecimal digits")
    found = int(text, 16)
    for kind in acceptance.crc:
        if checksum(segment, kind) == found:
            return kind
    raise BadFrameError(Rule.CRC, f"{found:04X}, computed {checksum(segment, CrcKind.STANDARD):04X}")


def _parts(segment: bytes) -> tuple[dict[str, str], bytes]:
    place = segment.find(_CONTENT)
    begin = place + len(_CONTENT)
    if place < 1 or segment[place - 1] != ord(";") or len(segment) < begin + 2 or not segment.endswith(_END):
        raise BadFrameError(Rule.HEADER, "the data segment has no ;CP=&&...&& at its end")
    try:
        items = segment[: place - 1].decode("ascii").split(";")
    except UnicodeDecodeError as error:
        raise BadFrameError(Rule.HEADER, f"byte {error.start} is not ASCII") from None
    header = {name: value for name, _, value in [item.partition("=") for item in items]}
    if len(header) != len(items) or "" in header or "CP" in header:
        raise BadFrameError(Rule.HEADER, "a name is empty or used twice")
    _check_header(header, items)
    return header, segment[begin:-2]


def _check_header(header: dict[str, str], items: list[str]) -> None:
    for item in items:
        if "=" not in item or len(item) > _VALUE_MAX or not item.isprintable():
            raise BadFrameError(
                Rule.HEADER, f"{item[:_VALUE_MAX]!r}, expected name=value of at most {_VALUE_MAX} characters"
            )
    for name, (code, expected) in _CODES.items():
        value = header.get(name, "")
        if not code.fullmatch(value):
            raise BadFrameError(Rule.HEADER, f"{name}={value!r}, expected {expected}")
    _check_optional(header)
    if "PNUM" in header or "PNO" in header:
        _check_packet(header)


def _check_optional(header: dict[str, str]) -> None:
    if not header.get("MN"):
        raise BadFrameError(Rule.HEADER, "MN is absent")
    if "QN" in header and not _QN.fullmatch(header["QN"]):
        raise BadFrameError(Rule.HEADER, f"QN={header['QN']!r}, expected 17 digits")
    flag = header.get("Flag", "0")
    if not flag.isdigit() or len(flag) > 3 or int(flag) > _FLAG_MAX:  # noqa: PLR2004 - digits of 255
        raise BadFrameError(Rule.HEADER, f"Flag={flag!r}, expected a number of at most {_FLAG_MAX}")


def _check_packet(header: dict[str, str]) -> None:
    total, number = header.get("PNUM", ""), header.get("PNO", "")
    if not (_PACKET.fullmatch(total) and _PACKET.fullmatch(number) and int(number) <= int(total)):
        raise BadFrameError(Rule.PACKET, f"PNUM={total!r}, PNO={number!r}, expected 1 <= PNO <= PNUM <= 9999")
