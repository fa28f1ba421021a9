"""Causes of the episodes of a span: read, attribute, store one document an episode."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.case.attribution import BACKGROUND, Attribution, attribute_episode
from analysis.case.join_networks import Frames, join_station
from analysis.run.gate_mask import held_note
from analysis.run.hours import read_hours
from analysis.run.to_json import to_json
from analysis.statistics.episode import Episode, find_episodes, watched_parameters
from schemas.frames import valid_values
from schemas.statement import Confidence
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from schemas.network import Network
    from store.settings import SharedSettings
    from store.state import HeldBatch

_LONGEST_EPISODE = timedelta(days=5)
"""An episode that began longer before the window has a shorter background, stated in its statements."""


class AttributionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Documents that `attribute` stored: their keys, and their number by grade."""

    stations: int
    episodes: int
    keys: tuple[str, ...]
    by_confidence: dict[Confidence, int]
    held_batches: int = 0


def attribute(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    station_ids: Collection[str] | None = None,
) -> AttributionSummary:
    """Find the episodes that overlap ``[start, end)`` and store the evidence of their causes.

    Parameters
    ----------
    settings : SharedSettings
    start, end : datetime
        UTC.
    now : datetime
        UTC; hours from here on are not read.
    station_ids : collection of str or None
        Only the episodes of these stations; None: all. The comparison with neighbours uses all stations.

    Returns
    -------
    AttributionSummary
        One document of kind ``attribution`` an episode, key ``{station}/{parameter}/{start of the episode}``.
    """
    end = min(end, now)
    with closing(InfluxStore(settings)) as store:
        frames, held = read_hours(settings, store, start - BACKGROUND - _LONGEST_EPISODE, end)
    found = list(_compute(frames, settings.stations, start, end, station_ids))
    _write(settings, found, held)
    grades = [item.confidence for item in found]
    return AttributionSummary(
        stations=len({item.station_id for item in found}),
        episodes=len(found),
        keys=tuple(item.episode.key for item in found),
        by_confidence={name: grades.count(name) for name in dict.fromkeys(grades)},
        held_batches=len(held),
    )


def _compute(
    frames: Frames, network: Network, start: datetime, end: datetime, station_ids: Collection[str] | None
) -> Iterator[Attribution]:
    for parameter in watched_parameters():
        values = {
            name: valid_values(frame, parameter)
            for name, frame in frames["gas"].items()
            if parameter in frame and name in network.stations
        }
        for station_id, series in values.items():
            if station_ids is not None and station_id not in station_ids:
                continue
            for episode in find_episodes(series, station_id, parameter, network.timezone):
                if episode.end > start and episode.start < end:
                    yield _attributed(episode, frames, network, values)


def _attributed(episode: Episode, frames: Frames, network: Network, values: dict[str, pd.Series]) -> Attribution:
    station = network.stations[episode.station_id]
    data = join_station(station, frames, network)
    if data is None:
        msg = f"an episode at {station.id} without hours"
        raise AssertionError(msg)
    return attribute_episode(episode, data, network.stations, values, zone=network.timezone)


def _write(settings: SharedSettings, found: list[Attribution], held: list[HeldBatch]) -> None:
    with StateStore(settings.state_url) as state:
        for item in found:
            body = to_json(item) | ({"held": held_note(held)} if held else {})
            state.documents.put("attribution", item.episode.key, body)
