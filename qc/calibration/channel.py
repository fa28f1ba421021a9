"""Channel and time of calibration checks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.calibration import CheckResult


def stream_key(item: CheckResult) -> tuple[str, str, str, str]:
    """Network, station, instrument and parameter of a result."""
    return item.network, item.station_id, item.instrument_id, item.parameter


class ChannelFields(TypedDict):
    """Fields that name one output of an instrument."""

    network: str
    station_id: str
    instrument_id: str
    parameter: str


def channel_of(item: CheckResult) -> ChannelFields:
    """`stream_key` by the names of the fields."""
    network, station_id, instrument_id, code = stream_key(item)
    return ChannelFields(network=network, station_id=station_id, instrument_id=instrument_id, parameter=code)


def naive(moment: datetime) -> np.datetime64:
    """A moment in UTC as numpy has it."""
    return np.datetime64(moment.replace(tzinfo=None), "us")


def inside_of(times: NDArray[np.datetime64], start: datetime, end: datetime | None) -> NDArray[np.bool_]:
    """Which times lie in ``[start, end)``; ``end`` None: never ends."""
    inside: NDArray[np.bool_] = times >= naive(start)
    return inside if end is None else inside & (times < naive(end))
