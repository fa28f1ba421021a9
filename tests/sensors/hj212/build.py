"""Frames and a network for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.message import RawMessage, Topic
from schemas.network.file import parse_network
from sensors.hj212.decoder import decode
from sensors.hj212.frame import Frame, encode_frame
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from schemas.network import Network
    from schemas.reading import Decoded

RECEIVED_AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
MN = "LN21010000000001"
_DEVICE = f'mn = "{MN}"\npassword = "123456"\n'
_GAS = """cn = 2051
minute_interval = 5
ignore = ["LA", "a34001"]
[station.instrument.hj212.factors]
a21026 = { parameter = "so2", unit = "ug/m3" }
a21004 = { parameter = "no2", unit = "ppb" }
a34004 = { parameter = "pm25", unit = "ug/m3" }"""
_GAS_HOUR = 'cn = 2061\nfactors = { "02" = { parameter = "so2", unit = "mg/m3" } }'
_GHG = """mn = "GHG1"
cn = 2011
tolerant_crc = true
factors = { a05001 = { parameter = "co2", unit = "ppm" } }"""
_WEATHER = ("temperature", "relative_humidity", "pressure", "wind_speed")
NETWORK_TOML = network_text(
    station(
        "ln-sy-01",
        instrument("gas1", "gas", 300, "so2", "no2", "o3", "co", "pm10", "pm25", hj212=_DEVICE + _GAS),
        instrument("met1", "met", 300, *_WEATHER, hj212=_DEVICE + "cn = 2051\nminute_interval = 5"),
        instrument("gas1-hour", "gas", 3600, "so2", "pm25", hj212=_DEVICE + _GAS_HOUR),
        instrument("ghg1", "ghg", 60, "co2", "ch4", hj212=_GHG),
        instrument("voc-day", "voc", 86400, "ethane", "benzene", hj212='mn = "VOC1"\ncn = 2031'),
    )
)


def network() -> Network:
    return parse_network(NETWORK_TOML, "network.toml")


def frame(content: str, *, cn: int = 2051, mn: str = MN, flag: int = 5, **more: str) -> bytes:
    """A sound frame with CR LF."""
    return build_frame(content.encode(), cn=cn, mn=mn, flag=flag, **more)


def build_frame(content: bytes, *, cn: int = 2051, mn: str = MN, flag: int = 5, **more: str) -> bytes:
    """A sound frame with CR LF around any bytes."""
    header = {"QN": "20261122085500000", "ST": "22", "CN": str(cn), "PW": "123456", "MN": mn, "Flag": str(flag), **more}
    return encode_frame(Frame(header, content)) + b"\r\n"


def decoded(payload: bytes, instrument_id: str = "gas1", code: str = "gas") -> Decoded:
    topic = Topic(code, "ln-sy-01", instrument_id, "hj212")
    return decode(RawMessage(str(topic), payload, RECEIVED_AT), topic, network())
