"""Station-months to evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qc.run.station_reader import stations_of
from qc.station.station_month import StationMonth, station_months_of
from qc.station.window import HOUR
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from store.settings import SharedSettings


def plan(
    settings: SharedSettings,
    networks: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    stations: Collection[str] | None = None,
    now: datetime,
) -> list[StationMonth]:
    """Station-months of ``[start, end)`` that have an instrument of a network, up to the last full hour at ``now``.

    Raises
    ------
    ValueError
        A network that does not exist, or a station that has no instrument of any of them.
    """
    last, found, known = min(end, floor_hour(now)), list[StationMonth](), set[str]()
    for network in networks:
        ids = [item.id for item in stations_of(settings, NetworkCode(network), None)]
        known |= set(ids)
        found += station_months_of(network, [name for name in ids if stations is None or name in stations], start, last)
    unknown = sorted(set(stations or ()) - known)
    if unknown:
        msg = f"no instrument of {', '.join(networks)} at {', '.join(unknown)}"
        raise ValueError(msg)
    return found


def plan_batches(  # noqa: PLR0913 - of `plan`, and how they are shared out
    settings: SharedSettings,
    networks: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    stations: Collection[str] | None,
    now: datetime,
    most: int,
    everything: bool,
) -> list[list[dict[str, object]]]:
    """Station-months in at most ``most`` batches of plain JSON, for a scheduler; networks without an instrument are left out.

    Parameters
    ----------
    everything : bool
        Treat all as changed (`forget`).

    Raises
    ------
    ValueError
        As `plan`.
    """
    there = {item.network.value for item in settings.stations.instruments.values()}
    known = [code for code in networks if NetworkCode(code).value in there]
    station_months = plan(settings, known, start, end, stations=stations, now=now)
    if everything:
        forget(settings, station_months)
    size = max(1, -(-len(station_months) // most))
    plain: list[dict[str, object]] = msgspec.to_builtins(station_months)
    return [plain[first : first + size] for first in range(0, len(plain), size)]


def forget(settings: SharedSettings, station_months: Sequence[StationMonth]) -> None:
    """Treat all of them as changed: the digests of their months are deleted."""
    with StateStore(settings.state_url) as state:
        for item in station_months:
            state.reprocess_digests.forget(item.network, [item.station_id], item.month, item.month + HOUR)
