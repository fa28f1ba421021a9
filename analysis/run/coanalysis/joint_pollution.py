"""Joint pollution and the relation of PM2.5 to O3 by season, from stored hours; documents ``joint`` and ``relation``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.coanalysis.joint_summary import JointSummary, joint_summary
from analysis.coanalysis.relation import PollutantRelation, relation_of
from analysis.run.case.case_document import stored_cases
from analysis.run.coanalysis.cocontrol import season_of
from analysis.run.hour_source import NoHoursError, stored_hours
from analysis.run.to_json import to_json
from schemas.interval import Interval, civil_days, midnight
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile
    from analysis.coanalysis.day_class import JointEpisode
    from analysis.run.hour_source import StationHours
    from store.settings import SharedSettings

JOINT, RELATION = "joint", "relation"
"""Kinds of the documents, key ``{station}/{first day of the season}``."""
_POLLUTANTS = frozenset({"pm25", "o3"})


class StoredJoint(msgspec.Struct, frozen=True, kw_only=True):
    """Joint pollution of a station and season; ``is_final``: the season is over. Hours of ``held_batches`` are left out."""

    is_final: bool
    held_batches: int
    summary: JointSummary


class StoredRelation(msgspec.Struct, frozen=True, kw_only=True):
    """Relation of PM2.5 to O3 of a station and season; as `StoredJoint`."""

    is_final: bool
    held_batches: int
    relation: PollutantRelation


class CaseEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """A joint episode that an event belongs to, of one of its stations; the peaks are the largest 24 h mean and MDA8 [µg m⁻³]."""

    station_id: str
    first: date
    last: date
    days: int
    pm25_peak: float
    o3_peak: float


class JointRun(msgspec.Struct, frozen=True, kw_only=True):
    """First days of the seasons that `joint_of_days` renewed, stations with hours, joint episodes, and those with a case file."""

    seasons: tuple[str, ...]
    stations: int
    episodes: int
    linked: int


def joint_of_days(settings: SharedSettings, day_from: date, day_to: date, now: datetime) -> JointRun:
    """Class the days and relate PM2.5 to O3 in the seasons that some civil days touch.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
        Both included.
    now : datetime
        UTC; hours from here on are not read. Classes go up to its day, the relation up to the Sunday before it or the end of the
        season: its document is large, and each day would make a version.

    Returns
    -------
    JointRun
        Documents that say the same as before make no new version.

    Raises
    ------
    store.error.StoreError
        The job may be run again.
    """
    zone = settings.stations.timezone
    today = now.astimezone(zone).date()
    seasons = sorted({season_of(day_from), season_of(day_to)})
    stations: set[str] = set()
    episodes: list[JointEpisode] = []
    with StateStore(settings.state_url) as state:
        state.migrate()
        for first, last in seasons:
            days = civil_days(first, min(last, today), zone)
            try:
                found = stored_hours(settings, days.start, min(days.end, now))
            except NoHoursError:
                continue
            is_final = now >= midnight(last + timedelta(days=1), zone)
            episodes += _store_joint(state, found, first, is_final=is_final)
            _store_relation(state, _up_to(found, _whole_weeks(min(last, today), last)), first, is_final=is_final)
            stations |= found.hourly.keys()
    return JointRun(
        seasons=tuple(str(first) for first, _ in seasons),
        stations=len(stations),
        episodes=len(episodes),
        linked=sum(1 for item in episodes if item.cases),
    )


def linked(summary: JointSummary, cases: Iterable[CaseFile], zone: ZoneInfo) -> JointSummary:
    """The summary whose episodes name the case files of their events.

    Parameters
    ----------
    summary : JointSummary
    cases : iterable of CaseFile
        Of any station. One belongs to an episode if its event includes the station, and PM2.5 or O3, on a day of the episode.
    zone : ZoneInfo
    """
    known = list(cases)
    episodes = []
    for episode in summary.episodes:
        keys = sorted(item.key for item in known if _belongs(item, summary.station_id, episode, zone))
        episodes.append(msgspec.structs.replace(episode, cases=tuple(keys)))
    return msgspec.structs.replace(summary, episodes=tuple(episodes))


def _belongs(case: CaseFile, station_id: str, episode: JointEpisode, zone: ZoneInfo) -> bool:
    event, days = case.event, civil_days(episode.first, episode.last, zone)
    is_of_place = station_id in event.stations and bool(_POLLUTANTS.intersection(event.parameters))
    return is_of_place and event.start < days.end and (event.end or case.computed_at) > days.start


def episodes_of_case(state: StateStore, case: CaseFile, zone: ZoneInfo) -> tuple[CaseEpisode, ...]:
    """Joint episodes of the stored seasons that the event of a case file belongs to, by the rule of `linked`; by station and day.

    Parameters
    ----------
    state : StateStore
    case : CaseFile
    zone : ZoneInfo

    Raises
    ------
    store.error.StoreError
    """
    ends = (case.event.start, case.event.end or case.computed_at)
    seasons = dict.fromkeys(season_of(moment.astimezone(zone).date())[0] for moment in ends)
    documents = (state.documents.get(JOINT, f"{name}/{season}") for name in case.event.stations for season in seasons)
    found = []
    for document in documents:
        try:
            summary = None if document is None else msgspec.convert(document.body, StoredJoint).summary
        except msgspec.ValidationError:
            continue  # of another version
        if summary is not None:
            found += [
                CaseEpisode(
                    station_id=summary.station_id, first=item.first, last=item.last, days=item.days, pm25_peak=item.pm25_peak,
                    o3_peak=item.o3_peak,
                )
                for item in summary.episodes
                if _belongs(case, summary.station_id, item, zone)
            ]  # fmt: skip
    return tuple(sorted(found, key=lambda item: (item.station_id, item.first)))


def _store_joint(state: StateStore, found: StationHours, season: date, *, is_final: bool) -> list[JointEpisode]:
    """Put the documents; returns the episodes."""
    cases = [item.case for item in stored_cases(state, created_from=found.start)]
    episodes: list[JointEpisode] = []
    for name, frame in found.hourly.items():
        summary = joint_summary(name, frame, Interval(found.start, found.end), found.zone)
        summary = linked(summary, cases, found.zone)
        item = StoredJoint(is_final=is_final, held_batches=found.held_batches, summary=summary)
        state.documents.put(JOINT, f"{name}/{season}", to_json(item))
        episodes += summary.episodes
    return episodes


def _store_relation(state: StateStore, found: StationHours, season: date, *, is_final: bool) -> None:
    for name, frame in found.hourly.items():
        relation = relation_of(name, frame, Interval(found.start, found.end), found.zone)
        item = StoredRelation(is_final=is_final, held_batches=found.held_batches, relation=relation)
        state.documents.put(RELATION, f"{name}/{season}", to_json(item))


def _whole_weeks(day: date, last: date) -> date:
    """Last Sunday up to a day; the last day of the season itself."""
    return day if day == last else day - timedelta(days=(day.weekday() + 1) % 7)


def _up_to(found: StationHours, day: date) -> StationHours:
    """Hours up to a civil day, included; stations without any are left out."""
    end = min(found.end, midnight(day + timedelta(days=1), found.zone))
    hourly = {name: part for name, frame in found.hourly.items() if not (part := frame[frame.index < end]).empty}
    return replace(found, hourly=hourly, end=max(end, found.start))
