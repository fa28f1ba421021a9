"""Attribution of an episode from the station's own data: wind, tracers, neighbours.

Each claim is a `schemas.statement.Statement` with its figures and a grade; missing evidence is listed. The rules of the grades
are in `analysis.case.grade` and ``docs/analysis.md``. No plant is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case import statement
from analysis.case.grade import overall_grade
from analysis.receptor.cpf import SectorTable, cpf
from analysis.receptor.neighbours import Neighbour, compare_neighbours
from analysis.receptor.tracers import Enrichment, KindEvidence, enrichments, kinds_of_source
from analysis.receptor.wind import mean_direction, sectors
from analysis.statistics.episode import Episode
from schemas.frames import valid_values
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from schemas.network import Station

BACKGROUND = timedelta(days=30)
FULL_BACKGROUND_H = 20 * 24
"""Fewer valid hours before the episode lower every grade that rests on them."""
HIGH_QUANTILE = 0.75
"""The CPF counts values above this quantile of the 30 days."""
_CHART_MARGIN = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeData:
    """Input of an attribution: a station and its joined hours.

    ``hourly`` (`schemas.frames`) holds the parameters of the station, with VOC, components and weather of its other instruments
    or of a nearby station; ``borrowed`` has the id and the distance [km] of that station by network (``voc``, ``pm``, ``met``).
    """

    station: Station
    hourly: pd.DataFrame
    borrowed: Mapping[str, tuple[str, float]] = field(default_factory=dict)


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """The period that the episode is compared with.

    Attributes
    ----------
    since : datetime
        UTC; the background ends where the episode starts.
    hours : int
        Valid hours of the parameter.
    median : float or None
    """

    since: datetime
    hours: int
    median: float | None


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Series around the episode: ISO times UTC and values, None where missing, in the unit of the threshold."""

    times: list[str]
    values: list[float | None]
    wind_speed_m_s: list[float | None]
    wind_direction_deg: list[float | None]
    threshold: float
    unit: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of an episode before it is stated: ``sectors`` of its background, the mean wind of the episode itself."""

    background: Background
    sectors: SectorTable | None
    wind_from_deg: float | None
    wind_speed_m_s: float | None
    tracers: tuple[Enrichment, ...]
    kinds: tuple[KindEvidence, ...]
    neighbours: tuple[Neighbour, ...]


class Attribution(Evidence, frozen=True, kw_only=True):
    """Attribution of one episode, the document of kind ``attribution``.

    Attributes
    ----------
    station_id, parameter : str
    start, end : datetime
        Of the episode, UTC.
    statements : tuple of Statement
        ``what, overall, wind, tracers, neighbours, missing`` in this order.
    confidence : Confidence
        Of ``overall``.
    missing : tuple of str
        Missing inputs: ``wind``, ``tracers``, ``neighbours``, ``background``.
    """

    station_id: str
    parameter: str
    start: datetime
    end: datetime
    episode: Episode
    statements: tuple[Statement, ...]
    confidence: Confidence
    missing: tuple[str, ...]
    borrowed: dict[str, str]
    chart: Chart


def attribute_episode(
    episode: Episode,
    data: EpisodeData,
    others: Mapping[str, Station],
    values: Mapping[str, pd.Series],
    *,
    zone: ZoneInfo,
) -> Attribution:
    """Collect, state and grade the evidence of one episode.

    Parameters
    ----------
    episode : Episode
    data : EpisodeData
        At least the episode, and up to 30 days before it.
    others : mapping of station id to Station
    values : mapping of station id to pd.Series
        The episode's parameter at every station of the province, index UTC hour starts, canonical unit.
    zone : ZoneInfo
        Of the moments in sentences and of the hour of day.
    """
    found = _collect(episode, data, others, values, zone)
    missing = _missing(found)
    statements, overall = _stated(episode, data, found, missing, zone)
    return Attribution(
        **msgspec.structs.asdict(found),
        station_id=episode.station_id,
        parameter=episode.parameter,
        start=episode.start,
        end=episode.end,
        episode=episode,
        statements=statements,
        confidence=overall,
        missing=missing,
        borrowed={name: f"{place} ({distance:.1f} km)" for name, (place, distance) in data.borrowed.items()},
        chart=_chart(episode, data.hourly),
    )


def _collect(
    episode: Episode, data: EpisodeData, others: Mapping[str, Station], values: Mapping[str, pd.Series], zone: ZoneInfo
) -> Evidence:
    hourly = data.hourly
    background = _background(episode, hourly)
    from_deg, speed_m_s = mean_direction(*_wind(_slice(hourly, episode.start, episode.end))) or (None, None)
    found = enrichments(hourly, episode.start, episode.end, since=background.since, zone=zone)
    return Evidence(
        background=background,
        sectors=_sector_table(episode, hourly),
        wind_from_deg=from_deg,
        wind_speed_m_s=speed_m_s,
        tracers=found,
        kinds=kinds_of_source(found),
        neighbours=compare_neighbours(episode, data.station, others, values, from_deg),
    )


def _stated(
    episode: Episode, data: EpisodeData, found: Evidence, missing: tuple[str, ...], zone: ZoneInfo
) -> tuple[tuple[Statement, ...], Confidence]:
    """Statements of the evidence, and the overall grade."""
    background, short = found.background, "background" in missing
    inside = sectors(*_wind(_slice(data.hourly, episode.start, episode.end)))
    parts = (
        statement.wind_statement(
            found.sectors, inside, (found.wind_from_deg, found.wind_speed_m_s), episode, short=short
        ),
        statement.tracer_statement(found.tracers, found.kinds, short=short),
        statement.neighbour_statement(found.neighbours, episode),
    )
    overall = overall_grade([part.confidence for part in parts])
    return (
        statement.episode_statement(episode, background.median, background.hours, zone=zone),
        statement.overall_statement(overall, parts),
        *parts,
        statement.missing_statement(missing, background.hours, data.borrowed),
    ), overall


def _missing(found: Evidence) -> tuple[str, ...]:
    lacks = {
        "background": found.background.hours < FULL_BACKGROUND_H,
        "wind": found.sectors is None,
        "tracers": not found.tracers,
        "neighbours": not any(item.n for item in found.neighbours),
    }
    return tuple(name for name, is_missing in lacks.items() if is_missing)


def _background(episode: Episode, hourly: pd.DataFrame) -> Background:
    since = episode.start - BACKGROUND
    values = valid_values(_slice(hourly, since, episode.start), episode.parameter).dropna()
    first = values.index[0].to_pydatetime() if len(values) else since
    return Background(
        since=max(since, first), hours=len(values), median=float(values.median()) if len(values) else None
    )


def _sector_table(episode: Episode, hourly: pd.DataFrame) -> SectorTable | None:
    """CPF of the 30 days before the episode; None without wind or values."""
    window = _slice(hourly, episode.start - BACKGROUND, episode.start)
    values = valid_values(window, episode.parameter)
    if values.dropna().empty:
        return None
    table = cpf(values, sectors(*_wind(window)), float(values.quantile(HIGH_QUANTILE)))
    return table if table.hours else None


def _wind(hourly: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return valid_values(hourly, "wind_speed"), valid_values(hourly, "wind_direction")


def _slice(hourly: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    index = pd.DatetimeIndex(hourly.index)
    return hourly[np.asarray((index >= pd.Timestamp(start)) & (index < pd.Timestamp(end)))]


def _chart(episode: Episode, hourly: pd.DataFrame) -> Chart:
    around = _slice(hourly, episode.start - _CHART_MARGIN, episode.end + _CHART_MARGIN)
    speed, direction = _wind(around)
    return Chart(
        times=[f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in pd.DatetimeIndex(around.index)],
        values=_plain(valid_values(around, episode.parameter)),
        wind_speed_m_s=_plain(speed),
        wind_direction_deg=_plain(direction),
        threshold=episode.threshold.value,
        unit=episode.threshold.unit,
    )


def _plain(values: pd.Series) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 3) for value in values.to_numpy(dtype=float)]
