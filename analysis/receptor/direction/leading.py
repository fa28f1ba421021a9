"""The leading direction: first of the episode itself over several stations, else of the 30 days before at its station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE
from analysis.receptor.direction.background import direction_of_background
from analysis.receptor.direction.cluster import Cluster, cluster_of
from analysis.receptor.direction.event import (
    FEWEST_DAYS,
    EventTest,
    compare_with_days,
    scores_of,
)
from analysis.receptor.direction.other_winds import FEWEST_DAYS as FEWEST_WINDS
from analysis.receptor.direction.other_winds import WindTest, compare_with_winds
from analysis.receptor.direction.result import LOOKS, Direction, DirectionBasis, around, none, reason
from analysis.receptor.direction.wind_of_excess import WindOfExcess, wind_of_excess
from analysis.receptor.other_stations import LEAST_STATIONS
from analysis.statistics.tail import either_chance
from schemas.frames import valid_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.receptor.direction.fine_wind import FineWind
    from schemas.interval import Interval
    from schemas.network import Station
    from schemas.reason import Figure

LEAST_EXPLAINED = 0.4
"""Part of the squared excess that one place explains, else the episode is no plume from one side; project choice [1]."""
FURTHEST_DEG = 60.0
"""Largest angle between the wind of the excess and the way to the place that explains it; project choice [deg]."""
MOST_CHANCE = 0.5
"""Part of the other days, and this one, whose wind may explain the excess as well [1]: with more nothing in the excess indicates its wind,
and none is named. Chosen on simulated plumes of seeds 0 to 129: of the true directions it leaves nine in ten."""
LEAST_FACTOR = 3.0
"""How many times as probable the excess is with its wind as with that of other days, for a direction that holds [1]: among winds that differ
by next to nothing, the first in order is no evidence. Project choice."""
WIDEST_DEG = 60.0
"""A direction with a wider half of its interval is not named; project choice [deg]."""


def leading_direction(  # noqa: PLR0913 - values and wind by the hour, and where, when, and the wind by ten minutes
    values: pd.DataFrame,
    wind_speed: pd.DataFrame,
    wind_direction: pd.DataFrame,
    *,
    places: Mapping[str, tuple[float, float]],
    station_id: str,
    window: Interval,
    fine: FineWind | None = None,
) -> Direction:
    """Name the direction of an episode, if chance does not explain it.

    Parameters
    ----------
    values : DataFrame, index UTC hour starts, a column a station
        One parameter, with the 30 days before the episode; NaN missing.
    wind_speed, wind_direction : DataFrame
        [m s⁻¹], and where the wind comes from [deg]; index and columns likewise, NaN missing.
    places : mapping of station id to (longitude, latitude)
        [deg]
    station_id : str
        Station of the episode.
    window : Interval
        The episode, UTC. Its hours are no part of the background.
    fine : FineWind or None
        Wind of the stations by ten minutes, where it is known.

    Returns
    -------
    Direction

    Raises
    ------
    analysis.receptor.direction.cluster.DirectionInputError
        For a station without values or place, or a window without an hour.

    Examples
    --------
    A month of noise at four stations, then four hours with wind from the east in which the middle station has an excess.

    >>> import numpy as np
    >>> import pandas as pd
    >>> from schemas.interval import Interval
    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> index = pd.date_range("2026-05-01", periods=724, freq="h", tz="UTC")
    >>> places = {"a": (123.40, 41.80), "b": (123.45, 41.80), "c": (123.38, 41.83), "d": (123.38, 41.77)}
    >>> values = pd.DataFrame(rng.normal(20.0, 2.0, (724, 4)), index=index, columns=list(places))
    >>> values.iloc[-4:, 0] += 60.0
    >>> angle = pd.DataFrame({"a": np.where(np.arange(724) < 720, rng.uniform(0, 360, 724), 90.0)}, index=index)
    >>> window = Interval(index[-4].to_pydatetime(), index[-1].to_pydatetime() + pd.Timedelta(hours=1))
    >>> found = leading_direction(values, angle * 0 + 3.0, angle, places=places, station_id="a", window=window)
    >>> found.basis.value, round(found.from_deg), [round(item) for item in found.interval_deg], found.winds.days
    ('event', 92, [79, 104], 29)
    """
    cluster = cluster_of(values, (wind_speed, wind_direction), places=places, station_id=station_id, window=window)
    event = _of_event(cluster, fine)
    if event.basis is not None:
        return event
    background = direction_of_background(cluster)
    known = [item.chance for item in (event, background) if item.chance is not None]
    if background.basis is None:
        return msgspec.structs.replace(
            event, chance=min(known, default=None), reasons=(*event.reasons, *background.reasons)
        )
    return msgspec.structs.replace(
        background, winds=event.winds, wind=event.wind, reasons=(*background.reasons, *event.reasons)
    )


def direction_of_frames(
    stations: Sequence[Station],
    hourly: Mapping[str, pd.DataFrame],
    code: str,
    window: Interval,
    *,
    station_id: str,
) -> Direction:
    """Apply `leading_direction` to valid hours of stations.

    Parameters
    ----------
    stations : sequence of Station
        Those without coordinates or without a frame are left out.
    hourly : mapping of station id to DataFrame
        `schemas.frames` hourly: ``code``, ``wind_speed``, ``wind_direction`` where there are.
    code : str
        Parameter of the episode.
    window : Interval
    station_id : str
        Station of the episode.
    """
    placed = [item for item in stations if item.lon is not None and item.lat is not None and item.id in hourly]
    frames = {item.id: hourly[item.id] for item in placed}
    parts = [
        pd.DataFrame({name: valid_values(frame, column) for name, frame in frames.items() if column in frame})
        for column in (code, "wind_speed", "wind_direction")
    ]
    places = {item.id: (float(item.lon or 0.0), float(item.lat or 0.0)) for item in placed}
    return leading_direction(parts[0], parts[1], parts[2], places=places, station_id=station_id, window=window)


def _of_event(cluster: Cluster, fine: FineWind | None) -> Direction:
    stations = int(np.isfinite(cluster.level[cluster.in_event]).any(axis=0).sum())
    if stations < LEAST_STATIONS:
        return none("few_stations", stations=stations, needed=LEAST_STATIONS)
    score, excess = scores_of(cluster)
    wind = wind_of_excess(cluster, excess[:, 0], fine)
    if wind is None:
        return none("no_wind")
    test = compare_with_days(cluster)
    if test is None:
        return none("few_days", needed=FEWEST_DAYS)
    return _named(stations, wind, test, compare_with_winds(cluster, score))


def _named(stations: int, wind: WindOfExcess, test: EventTest, winds: WindTest | None) -> Direction:
    """The direction of the excess, or why it is not named."""
    chance = either_chance(test.chance, LOOKS)
    low, high = around(wind.from_deg, wind.half_width_deg)
    kind = _refusal(test, wind, chance) or disagreement(winds)
    basis = None if kind or winds is None else basis_of(winds)
    figures: dict[str, Figure | None] = {
        "chance": chance, "explained": test.explained, "stations": stations, "hours": wind.hours, "days": test.days,
        "half_width": wind.half_width_deg, "direction": wind.from_deg, "low": low, "high": high,
        "winds": None if winds is None else winds.days, "better": None if winds is None else winds.better,
        "needed": FEWEST_WINDS, "wind_chance": None if winds is None else winds.chance,
    }  # fmt: skip
    return Direction(
        basis=basis,
        from_deg=None if kind else wind.from_deg,
        interval_deg=None if kind else (low, high),
        chance=chance if winds is None or basis is not DirectionBasis.EVENT else max(chance, winds.chance),
        winds=winds,
        wind=wind,
        hours=wind.hours,
        stations=stations,
        effective_hours=wind.effective_hours,
        days=test.days,
        reasons=(reason(kind or str(basis), **figures),),
    )


def basis_of(winds: WindTest) -> DirectionBasis:
    """Whether a direction holds against the wind of other days, or is the wind of the hours alone."""
    is_held = winds.chance <= CHANCE and winds.factor >= LEAST_FACTOR
    return DirectionBasis.EVENT if is_held else DirectionBasis.WIND


def disagreement(winds: WindTest | None) -> str | None:
    """Kind of the reason why the wind of an excess is not named; None where excess and wind agree."""
    if winds is None:
        return "few_winds"
    return "other_winds" if winds.chance > MOST_CHANCE else None


def _refusal(test: EventTest, wind: WindOfExcess, chance: float) -> str | None:
    """Kind of the reason why an episode has no direction."""
    apart = abs((test.bearing_deg - wind.from_deg + 180.0) % 360.0 - 180.0)
    if chance > CHANCE:
        return "chance"
    if test.explained < LEAST_EXPLAINED or apart > FURTHEST_DEG:
        return "no_place"
    return "variable_wind" if wind.half_width_deg > WIDEST_DEG else None
