"""The devices of the network file: which are admitted, and the topics of their uploads."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from schemas.message import Topic
from sensors.hj212.crc import CrcKind
from sensors.hj212.decoder import FORMAT
from sensors.hj212.frame import STRICT, TOLERANT, Acceptance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.network import Network
    from sensors.hj212.frame import Frame


class Device(msgspec.Struct):
    """One MN.

    Attributes
    ----------
    password : str
        PW; empty admits no device.
    is_tolerant : bool
        Whether the check sum of MODBUS is accepted.
    topics : dict of str to list of str
        By CN.
    """

    password: str
    is_tolerant: bool
    topics: dict[str, list[str]]


def devices_of(network: Network) -> Mapping[str, Device]:
    """Devices by MN."""
    devices: dict[str, Device] = {}
    for (station_id, instrument_id), instrument in network.instruments.items():
        hj212 = instrument.hj212
        if hj212 is None:
            continue
        device = devices.setdefault(hj212.mn, Device(hj212.password, hj212.tolerant_crc, {}))
        topic = str(Topic(instrument.network, station_id, instrument_id, FORMAT))
        device.topics.setdefault(str(hj212.cn), []).append(topic)
    return devices


def acceptance_of(devices: Mapping[str, Device]) -> Acceptance:
    """What the framer accepts: tolerant as soon as one device is; `refusal` then decides by the MN of a frame."""
    return TOLERANT if any(device.is_tolerant for device in devices.values()) else STRICT


def refusal(frame: Frame, device: Device | None) -> str | None:
    """Why a frame is not let in: ``mn``, ``password`` or ``crc``; None when it is."""
    if device is None:
        return "mn"
    given = frame.header.get("PW", "")
    if not device.password or not hmac.compare_digest(given.encode(), device.password.encode()):
        return "password"
    if frame.crc_kind is not CrcKind.STANDARD and not device.is_tolerant:
        return "crc"
    return None
