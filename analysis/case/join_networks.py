"""Join the hours of a station's networks, and of nearby stations for networks it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from analysis.receptor.neighbours import near
from schemas.frames import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from schemas.network import Network, Station

BORROW_KM = 20.0
"""[km] Weather, VOC and components may come from a station this near; project choice."""
JOINED_NETWORKS = ("met", "pm", "voc")

#: Hourly frames by network and station id.
Frames = dict[str, dict[str, pd.DataFrame]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeData:
    """A station and its joined hours.

    ``hourly`` (`schemas.frames`) holds the parameters of the station, with VOC, components and weather of its other instruments
    or of a nearby station; ``borrowed`` has the id and the distance [km] of that station by network (``voc``, ``pm``, ``met``).
    """

    station: Station
    hourly: pd.DataFrame
    borrowed: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def monitored(station: Station) -> frozenset[str]:
    """Parameters that the instruments of the gas network of a station report."""
    return frozenset(code for item in station.instruments_of("gas") for code in item.parameters)


def join_station(station: Station, frames: Frames, network: Network) -> EpisodeData | None:
    """One frame of a station: its gases and particles, then weather, components and VOC.

    A network that the station lacks comes from the nearest station within 20 km that has it.

    Parameters
    ----------
    station : Station
    frames : dict
        Hourly frames of the networks ``gas, met, pm, voc``.
    network : Network

    Returns
    -------
    EpisodeData or None
        None without any hour of the gas network. Where two instruments report a parameter, the gas network's is used.
    """
    own = frames["gas"].get(station.id)
    if own is None or own.empty:
        return None
    joined, borrowed = own, {}
    nearby = near(station, network.stations, radius_km=BORROW_KM)
    for code in JOINED_NETWORKS:
        by_station = frames.get(code, {})
        if _has_rows(by_station.get(station.id)):
            joined = _added(joined, by_station[station.id])
            continue
        found = next(((other, distance) for other, distance, _ in nearby if _has_rows(by_station.get(other.id))), None)
        if found is not None:
            joined = _added(joined, by_station[found[0].id])
            borrowed[code] = (found[0].id, found[1])
    return EpisodeData(station=station, hourly=joined, borrowed=borrowed)


def until(frame: pd.DataFrame, origin: datetime) -> pd.DataFrame:
    """Reindex the frame to every hour up to the one before ``origin``."""
    last = pd.Timestamp(origin) - pd.Timedelta(hours=1)
    kept = frame[frame.index <= last]
    if kept.empty:
        return kept
    return kept.reindex(pd.date_range(kept.index[0], last, freq="h", name="start"))


def _has_rows(frame: pd.DataFrame | None) -> bool:
    return frame is not None and not frame.empty


def _added(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    present = {str(name).split(SEPARATOR)[0] for name in frame.columns}
    new = [name for name in more.columns if str(name).split(SEPARATOR)[0] not in present]
    return frame.join(more[new].reindex(frame.index)) if new else frame
