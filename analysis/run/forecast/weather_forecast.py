"""The weather forecast that is used: the newest usable run of a folder, and which files were refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.run.forecast.weather_opening import opened
from schemas.interval import floor_hour
from sensors.weather_forecast import WeatherForecastError, joined, read_part, read_reference, station_weather
from sensors.weather_forecast.error import hour_text, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from schemas.network import Network
    from schemas.reason import Reason
    from sensors.weather_forecast import WeatherForecast, WeatherRun
    from store.settings import SharedSettings

FILES_MAX = 300
"""Files of a folder that are read: the newest by their time of change; project choice."""
ARCHIVE = "archive"
"""Folder of past runs, inside the folder of the setting."""
ARCHIVE_FILES_MAX = 2_000
"""Files of past runs whose reference time is read; project choice."""
_UNFINISHED = (".tmp", ".part", ".filepart")
"""Endings of files that are being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherChoice:
    """What is known of the weather ahead.

    Attributes
    ----------
    weather : WeatherForecast or None
        None: no run is usable, and a forecast goes on without weather.
    refused : tuple of Reason
        Files and runs newer than the one that is used, and stations of that one, each with its place and reason; empty where no folder
        is set.
    """

    weather: WeatherForecast | None = None
    refused: tuple[Reason, ...] = ()

    @property
    def frames(self) -> Mapping[str, pd.DataFrame]:
        """Hours by station; empty without a run."""
        return {} if self.weather is None else self.weather.hourly


def weather_forecast(settings: SharedSettings, network: Network, now: datetime) -> WeatherChoice:
    """The newest usable run in the folder of the setting ``SKYGROUND_WEATHER_FORECAST``.

    Parameters
    ----------
    settings : SharedSettings
        ``weather_forecast``: the folder, None: none; ``weather_forecast_max_age_h``: oldest reference time that is used [h].
    network : Network
        Stations that the weather is brought to.
    now : datetime
        UTC; the first hour that is forecast holds it.

    Returns
    -------
    WeatherChoice
        Raises nothing for what files hold.
    """
    folder = settings.weather_forecast
    if folder is None:
        return WeatherChoice()
    try:
        files = _files(folder)
    except OSError as error:
        reason = refusal(str(folder), "unreadable", detail=error.strerror or str(error))
        return WeatherChoice(refused=(reason,))
    found = weather_of_files(files[:FILES_MAX], network, now, most_h=settings.weather_forecast_max_age_h)
    if not files:
        return WeatherChoice(refused=(refusal(str(folder), "no_file"),))
    if len(files) > FILES_MAX:
        many = refusal(str(folder), "many_files", count=len(files), most=FILES_MAX)
        return WeatherChoice(weather=found.weather, refused=(many, *found.refused))
    return found


def past_runs(settings: SharedSettings, network: Network, until: datetime, *, days: int) -> list[WeatherForecast]:
    """The first usable run of each of the last days, from the folder of the setting and its folder ``archive``; the newest first.

    Parameters
    ----------
    settings : SharedSettings
    network : Network
    until : datetime
        UTC; runs from then on are left out.
    days : int
        UTC days with a run, at most.

    Returns
    -------
    list of WeatherForecast
        Files that cannot be used are left out without a word: a forecast that uses one names it.
    """
    folder = settings.weather_forecast
    if folder is None:
        return []
    by_reference = _by_reference(
        [path for place in (folder / ARCHIVE, folder) for path in _listed(place)][:ARCHIVE_FILES_MAX]
    )
    by_day: dict[int, list[int]] = {}
    for reference_h in sorted(by_reference):
        if reference_h < until.timestamp() / 3600:
            by_day.setdefault(reference_h // 24, []).append(reference_h)
    found: list[WeatherForecast] = []
    for day in sorted(by_day, reverse=True)[:days]:
        runs = (_run_or_none(by_reference[reference_h], network) for reference_h in by_day[day])
        found += [run for run in runs if run is not None][:1]
    return found


def _run_or_none(files: Sequence[Path], network: Network) -> WeatherForecast | None:
    try:
        return _read_run(sorted(files), network)
    except WeatherForecastError:
        return None


def _by_reference(files: Sequence[Path]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for path in files:
        try:
            found.setdefault(read_reference(path), []).append(path)
        except WeatherForecastError:
            continue
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return _files(folder)
    except OSError:
        return []


def weather_of_files(files: Sequence[Path], network: Network, now: datetime, *, most_h: float) -> WeatherChoice:
    """The newest usable run of some files.

    Parameters
    ----------
    files : sequence of Path
        Of any runs, in any order.
    network : Network
    now : datetime
        UTC.
    most_h : float
        Oldest reference time that is used, before ``now`` [h].
    """
    by_reference: dict[int, list[Path]] = {}
    readable, refused = opened(files)
    for path in readable:
        try:
            by_reference.setdefault(read_reference(path), []).append(path)
        except WeatherForecastError as error:
            refused.append(error.reason)
    for reference_h in sorted(by_reference, reverse=True):
        parts = sorted(by_reference[reference_h])
        try:
            weather = _usable(parts, reference_h, network, now, most_h)
        except WeatherForecastError as error:
            refused.append(error.reason)
            continue
        return WeatherChoice(weather=weather, refused=(*refused, *weather.refused))
    return WeatherChoice(refused=tuple(refused))


def _files(folder: Path) -> list[Path]:
    """Files of a folder, the newest first; hidden ones and those that are being written are left out."""
    found = [
        path
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix not in _UNFINISHED
    ]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def _usable(files: Sequence[Path], reference_h: int, network: Network, now: datetime, most_h: float) -> WeatherForecast:
    _check_age(files[0].name, reference_h, now, most_h)
    return _read_run(files, network, now)


def _read_run(files: Sequence[Path], network: Network, now: datetime | None = None) -> WeatherForecast:
    """A run at the stations; with ``now``, one that holds its hour."""
    places = [(item.lon, item.lat) for item in network.station_list if item.lon is not None and item.lat is not None]
    if not places:
        raise WeatherForecastError(refusal(files[0].name, "no_station"))
    lon, lat = np.array(places, dtype=float).T
    run = joined([read_part(path, (lon, lat)) for path in files])
    if now is not None:
        _check_span(run, now)
    return station_weather(run, network.station_list, [path.name for path in files])


def _check_age(place: str, reference_h: int, now: datetime, most_h: float) -> None:
    """Before anything is read: the age needs the reference time only."""
    age_h, reference = now.timestamp() / 3600 - reference_h, hour_text(reference_h)
    if age_h < 0:
        raise WeatherForecastError(refusal(place, "future", reference=reference))
    if age_h > most_h:
        raise WeatherForecastError(refusal(place, "old", reference=reference, age=age_h, most=most_h))


def _check_span(run: WeatherRun, now: datetime) -> None:
    reference, first_h = hour_text(run.reference_h), int(floor_hour(now).timestamp()) // 3600
    if run.valid_h[-1] <= first_h:
        end = hour_text(int(run.valid_h[-1]))
        raise WeatherForecastError(refusal(run.place, "ended", reference=reference, end=end))
    if run.valid_h[0] > first_h:
        start = hour_text(int(run.valid_h[0]))
        raise WeatherForecastError(refusal(run.place, "begins_late", reference=reference, start=start))
