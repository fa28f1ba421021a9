"""Sources of a station: its newest solutions, and the mass from each factor in the last days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.receptor.station_model import StationSolution
from analysis.run.receptor.receptor_model import KIND, NETWORKS, current_solution, product_of

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from console.query.queries import Queries
    from store.state import StateStore

_SHOWN = timedelta(days=7)
_ARCHIVE_AFTER = timedelta(days=3)
"""A solution that is older belongs to a data set: its own last days are shown."""
_MOST_CONTINUED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSources:
    """Solution of one network, without factors where it only says what is needed; ``hours`` as the product has them."""

    solution: StationSolution
    hours: pd.DataFrame


def read_sources(queries: Queries, station_id: str, now: datetime) -> list[StationSources]:
    """Solutions of the station, with the hours that were split onto them or onto those they continue."""
    found = []
    for network in NETWORKS:
        solution = current_solution(queries.state, station_id, network, now) or _newest(
            queries.state, station_id, network
        )
        if solution is not None:
            end = now if solution.end > now - _ARCHIVE_AFTER else solution.end + timedelta(days=1)
            hours = queries.influx.read_product(product_of(network), end - _SHOWN, end, station_id)
            if len(hours):
                hours = hours[hours["solution"].isin(_continued(queries.state, solution))]
            found.append(StationSources(solution=solution, hours=hours))
    return found


def _newest(state: StateStore, station_id: str, network: str) -> StationSolution | None:
    items = list(state.documents.each(KIND, prefix=f"{station_id}/{network}/"))
    newest = max(items, key=lambda item: item.key, default=None)
    return None if newest is None else msgspec.convert(newest.body, StationSolution)


def _continued(state: StateStore, solution: StationSolution) -> list[str]:
    """Keys of the solution and of those whose numbers it keeps."""
    keys, last = [solution.key], solution.last
    while last is not None and len(keys) < _MOST_CONTINUED:
        keys.append(last)
        document = state.documents.get(KIND, last)
        last = None if document is None else document.body.get("last")
    return keys
