"""Sources of a station from its own hours: solutions are renewed daily, new hours split onto them. Read, compute, write.

Documents ``pmf``, key ``{station}/{network}/{day}``: `StationSolution`. Product ``<network>_factor_hourly`` of a station: columns as
`analysis.receptor.station_model.split_station`. A station that cannot be computed costs itself only and is named in the summary.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import structlog

from analysis.receptor.pmf import PmfInputError
from analysis.receptor.split import SplitInputError
from analysis.receptor.station_model import (
    ERRORS_PATH,
    ErrorRules,
    FactorNetwork,
    StationSolution,
    parse_error_rules,
    solve_station,
    split_station,
)
from analysis.run.hours import read_hours, save_product, since
from analysis.run.to_json import to_json
from schemas.interval import floor_hour
from schemas.reason import Reason, encode_reason
from schemas.text_file import read_text
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from store.settings import SharedSettings

_log = structlog.get_logger(__name__)

KIND = "pmf"
NETWORKS: tuple[FactorNetwork, ...] = ("voc", "pm")
WINDOW = timedelta(days=60)
"""Hours that a solution is made from; our choice."""
FIRST_SPLIT = timedelta(days=7)
"""Hours that are split onto the first solution of a station."""
LOOK_BACK = timedelta(days=2)
"""Hours that are split where no start is given."""
_DAY = timedelta(days=1)


class RefitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `refit` stored.

    Attributes
    ----------
    solved, insufficient : tuple of str
        Keys of documents with factors, and of those that say what is needed.
    drifted : tuple of str
        Keys of solutions of which a factor has drifted.
    kept : int
        Solutions of the day that were stored already and not made again.
    failed : dict of str to str
        Station and network, and the error.
    """

    solved: tuple[str, ...]
    insufficient: tuple[str, ...]
    drifted: tuple[str, ...]
    kept: int
    failed: dict[str, str]


class SplitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `split_hours` stored.

    Attributes
    ----------
    stations, hours : int
        Series (station and network) and hours of them that were split [h].
    without_solution : tuple of str
        Station and network of series with hours and no solution up to the end.
    failed : dict of str to str
        Station and network, and the reason: stored `schemas.reason.Reason`, or the error.
    """

    stations: int
    hours: int
    without_solution: tuple[str, ...]
    failed: dict[str, str]


def product_of(network: str) -> str:
    """Measurement of the product of a network.

    Examples
    --------
    >>> product_of("pm")
    'pm_factor_hourly'
    """
    return f"{network}_factor_hourly"


def load_error_rules(path: Path | None) -> ErrorRules:
    """Detection limits and rules of a file; None: the project's. Raises `PmfInputError`, also where it cannot be read."""
    return parse_error_rules(read_text(path or ERRORS_PATH, PmfInputError), str(path or ERRORS_PATH.name))


def refit(
    settings: SharedSettings,
    end: datetime,
    *,
    networks: Iterable[FactorNetwork] = NETWORKS,
    station_ids: Collection[str] | None = None,
    is_renewed: bool = True,
    is_continued: bool = True,
) -> RefitSummary:
    """Factorise the hours of the 60 days before ``end`` of each station, and store the solutions.

    Where none was stored before, the last seven days are split onto it too.

    Parameters
    ----------
    settings : SharedSettings
    end : datetime
        UTC; rounded down to an hour.
    networks : iterable of str
    station_ids : collection of str or None
        None: all.
    is_renewed : bool
        False: a station whose solution of the day is stored is left out.
    is_continued : bool
        False: from random starts, with species and number of factors chosen again.

    Returns
    -------
    RefitSummary
        Where a solution of the same day from later hours is stored, that one stays and is named.
    """
    end = floor_hour(end)
    rules = load_error_rules(settings.receptor_errors)
    found: dict[str, StationSolution | str | None] = {}
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        state.migrate()
        for network, station_id, hourly in _hours(settings, store, (end - WINDOW, end), networks, station_ids):
            key = f"{station_id}/{network}"
            if not is_renewed and state.documents.get(KIND, f"{key}/{end:%Y-%m-%d}") is not None:
                found[key] = None
                continue
            last = current_solution(state, station_id, network, end - _DAY) if is_continued else None
            solved = _solve(hourly, (station_id, network), end, rules, last)
            if isinstance(solved, StationSolution):
                solved = _put_solution(state, solved)
                _split_first(store, solved, None if last is not None else since(hourly, end - FIRST_SPLIT))
            found[key] = solved
    return _refit_summary(found)


def _solve(
    hourly: pd.DataFrame,
    series: tuple[str, FactorNetwork],
    end: datetime,
    rules: ErrorRules,
    last: StationSolution | None,
) -> StationSolution | str:
    """Solution, or the error that stops this series only."""
    station_id, network = series
    try:
        return solve_station(
            hourly, (end - WINDOW, end), station_id=station_id, network=network, rules=rules, last=last
        )
    except PmfInputError as error:
        return str(error)


def _put_solution(state: StateStore, solution: StationSolution) -> StationSolution:
    """Store a solution unless one of its day from later hours is stored; returns what is stored."""
    with state.documents.to_renew(KIND, solution.key) as (documents, put):
        later = [item for item in documents if msgspec.convert(item.body["end"], datetime) > solution.end]
        if not later:
            put(solution.key, to_json(solution))
            return solution
    stored = msgspec.convert(later[0].body, StationSolution)
    ends = {"end": solution.end.isoformat(), "stored_end": stored.end.isoformat()}
    _log.warning("older_solution_left_out", solution=solution.key, **ends)
    return stored


def _split_first(store: InfluxStore, solution: StationSolution, hourly: pd.DataFrame | None) -> None:
    """Split the hours of a first solution too."""
    product = _split(hourly, solution) if solution.factors and hourly is not None else None
    if isinstance(product, pd.DataFrame):
        save_product(store, product_of(solution.network), solution.station_id, product)


def _refit_summary(found: dict[str, StationSolution | str | None]) -> RefitSummary:
    solutions = [item for item in found.values() if isinstance(item, StationSolution)]
    return RefitSummary(
        solved=tuple(item.key for item in solutions if item.factors),
        insufficient=tuple(item.key for item in solutions if not item.factors),
        drifted=tuple(item.key for item in solutions if item.factors and item.reasons),
        kept=sum(item is None for item in found.values()),
        failed={key: item for key, item in found.items() if isinstance(item, str)},
    )


def split_hours(
    settings: SharedSettings,
    start: datetime | None,
    end: datetime,
    *,
    networks: Iterable[FactorNetwork] = NETWORKS,
    station_ids: Collection[str] | None = None,
) -> SplitSummary:
    """Split the hours of each station onto its solution and store the mass from each factor.

    Parameters
    ----------
    settings : SharedSettings
    start : datetime or None
        UTC; None: two days before the end.
    end : datetime
        UTC; the newest solution up to here is used.
    networks : iterable of str
    station_ids : collection of str or None
        None: all.

    Returns
    -------
    SplitSummary
    """
    start = start or end - LOOK_BACK
    stations, hours, lacking = 0, 0, list[str]()
    failed: dict[str, str] = {}
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        state.migrate()
        for network, station_id, hourly in _hours(settings, store, (start, end), networks, station_ids):
            solution = current_solution(state, station_id, network, end)
            if solution is None:
                lacking.append(f"{station_id}/{network}")
                continue
            product = _split(hourly, solution)
            if isinstance(product, str):
                failed[f"{station_id}/{network}"] = product
                continue
            save_product(store, product_of(network), station_id, product)
            stations, hours = stations + 1, hours + len(product)
    return SplitSummary(stations=stations, hours=hours, without_solution=tuple(lacking), failed=failed)


def current_solution(state: StateStore, station_id: str, network: str, moment: datetime) -> StationSolution | None:
    """Newest stored solution with factors whose window ended up to the day of ``moment``; None: there is none."""
    day = f"{moment:%Y-%m-%d}"
    usable = [
        item
        for item in state.documents.each(KIND, prefix=f"{station_id}/{network}/")
        if item.body.get("factors") and item.key.rpartition("/")[2] <= day
    ]
    newest = max(usable, key=lambda item: item.key, default=None)
    return None if newest is None else msgspec.convert(newest.body, StationSolution)


def stations_without_solution(state: StateStore, network: str, station_ids: Iterable[str]) -> list[str]:
    """Stations for which no solution with factors is stored, of any day."""
    return [
        name
        for name in station_ids
        if not any(item.body.get("factors") for item in state.documents.each(KIND, prefix=f"{name}/{network}/"))
    ]


def _hours(
    settings: SharedSettings,
    store: InfluxStore,
    span: tuple[datetime, datetime],
    networks: Iterable[FactorNetwork],
    station_ids: Collection[str] | None,
) -> Iterator[tuple[FactorNetwork, str, pd.DataFrame]]:
    wanted = tuple(networks)
    frames, _ = read_hours(settings, store, *span, networks=wanted)
    for network in wanted:
        for station_id, hourly in sorted(frames[network].items()):
            if station_id in settings.stations.stations and (station_ids is None or station_id in station_ids):
                yield network, station_id, hourly


def _split(hourly: pd.DataFrame, solution: StationSolution) -> pd.DataFrame | str:
    try:
        found = split_station(hourly, solution)
    except SplitInputError as error:
        return str(error)
    return encode_reason(found) if isinstance(found, Reason) else found
