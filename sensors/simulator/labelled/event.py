"""One event with known truth after a month of history: plume, regional haze, ozone episode, or a fault of an instrument."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from schemas.geodesy import bearing_deg
from schemas.interval import Interval
from sensors.simulator.events import CIVIL, Events
from sensors.simulator.labelled.cluster import draw_cluster, measure
from sensors.simulator.labelled.flaw import Flaw, draw_flaw, spoil
from sensors.simulator.labelled.frame import hourly_frame, minute_frame
from sensors.simulator.labelled.place import draw_past, place_release
from sensors.simulator.labelled.window import exceeding, headline
from sensors.simulator.release.draw import Release, canonical
from sensors.simulator.stream import generator
from sensors.simulator.world import Site, World

if TYPE_CHECKING:
    import numpy as np

    from schemas.network import Station

HISTORY = timedelta(days=32)
MINUTES_BEFORE = timedelta(hours=6)
"""Minute frames begin so long before the event."""
AFTER = timedelta(hours=2)
"""Frames end so long after the event."""
ORDINARY_SHARE = 0.5
"""Part of the histories that hold a haze; likewise an ozone day."""
REACHED_SHARE = 0.2
"""Part of the largest excess from which on a station counts as reached."""


class LabelledKind(StrEnum):
    """What happened."""

    PLUME = "plume"
    HAZE = "haze"
    OZONE = "ozone"
    FAULT = "fault"
    NOISE = "noise"


ORDER = (LabelledKind.PLUME, LabelledKind.HAZE, LabelledKind.PLUME, LabelledKind.OZONE, LabelledKind.FAULT)
"""Kind of an event by its seed modulo 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEvent:
    """An event as stations saw it, and the truth about it.

    Attributes
    ----------
    stations : tuple of Station
        Seven, 3 to 5 km apart, with different instruments.
    hourly, minute : dict of str to DataFrame
        By station id; a month before the event, and six hours before it.
    station_id, parameter : str
        Where and on what an alert would begin: the largest rise above the history in robust standard deviations.
    window : Interval
        Hours around the peak in which the parameter is more than two of them above the median of the history.
    kind : LabelledKind
        Truth.
    interval : Interval
        Truth: when it happened.
    release, flaw : Release, Flaw or None
        Truth of a plume, of a fault.
    past : tuple of Release
        Truth: other releases in the history.
    excess : dict of str to DataFrame
        Truth of a plume: what it adds in each hour to each species, canonical units; ``nox`` and ``coarse`` in ug m⁻³.
    reached : tuple of str
        Truth of a plume: stations that get at least a fifth of what the most affected one gets.
    """

    seed: int
    stations: tuple[Station, ...]
    hourly: dict[str, pd.DataFrame]
    minute: dict[str, pd.DataFrame]
    station_id: str
    parameter: str
    window: Interval
    kind: LabelledKind
    interval: Interval
    release: Release | None = None
    flaw: Flaw | None = None
    past: tuple[Release, ...] = ()
    excess: dict[str, pd.DataFrame] = field(default_factory=dict)
    reached: tuple[str, ...] = ()

    @property
    def bearing_deg(self) -> float | None:
        """Direction from the station of the alert to the source [deg]; None without a release."""
        if self.release is None:
            return None
        station = next(item for item in self.stations if item.id == self.station_id)
        return float(bearing_deg(station.lon or 0.0, station.lat or 0.0, self.release.lon, self.release.lat))


def labelled_event(seed: int, *, strength: float = 1.0) -> LabelledEvent:
    """Make one event; its kind is that of ``seed`` modulo 5, everything else is drawn.

    Parameters
    ----------
    seed : int
        At least 0; the same seed gives the same numbers.
    strength : float
        Of haze and ozone [1]: below 1 they are milder, while the station and parameter of the alert are chosen again.

    Examples
    --------
    >>> event = labelled_event(3)
    >>> event.kind.value, event.parameter, len(event.stations)
    ('ozone', 'o3', 7)
    """
    rng = generator(seed, "labelled-event")
    kind = ORDER[seed % len(ORDER)]
    stations = draw_cluster(rng)
    interval = _interval(kind, rng)
    past = draw_past(rng, stations[0], interval.start - HISTORY, interval.start - timedelta(days=2))
    weather = _milder(_events(kind, interval, rng), kind, strength)
    flaw = draw_flaw(rng, stations, interval.end) if kind is LabelledKind.FAULT else None
    if flaw is not None:
        interval = flaw.interval
    end = interval.end + AFTER
    start = interval.end - HISTORY if kind is LabelledKind.FAULT else interval.start - HISTORY
    release = None
    if kind is LabelledKind.PLUME:
        release = place_release(rng, World(seed, start, end, events=weather, releases=past), stations, interval)
    releases = past if release is None else (*past, release)
    world = World(seed, start, end, releases=releases, events=weather)
    return _measured(seed, world, stations, kind=kind, interval=interval, truth=(release, flaw, past))


def _interval(kind: LabelledKind, rng: np.random.Generator) -> Interval:
    """When it happens: ozone by day in the warm season, haze from October to March, the others at any time."""
    year = datetime(2026, 1, 1, tzinfo=UTC)
    if kind is LabelledKind.OZONE:
        day = datetime(2026, 5, 1, 10, tzinfo=CIVIL) + timedelta(days=int(rng.integers(150)))
        return Interval(day.astimezone(UTC), (day + timedelta(hours=8)).astimezone(UTC))
    if kind is LabelledKind.HAZE:
        begin = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=int(rng.integers(24 * 170)))
        return Interval(begin, begin + timedelta(hours=int(rng.integers(20, 60))))
    begin = year + timedelta(hours=int(rng.integers(24 * 365)))
    return Interval(begin, begin + timedelta(hours=int(rng.integers(3, 11))))


def _events(kind: LabelledKind, interval: Interval, rng: np.random.Generator) -> Events:
    """The event itself if it is one of the weather, and ordinary haze, rain and ozone in the weeks before."""
    week = timedelta(days=7)
    at = interval.start - timedelta(days=int(rng.integers(4, 7)), hours=int(rng.integers(24)))
    haze = Interval(at - 2 * week, at - 2 * week + timedelta(hours=int(rng.integers(16, 40))))
    rain = Interval(at - week, at - week + timedelta(hours=int(rng.integers(2, 8))))
    sunny = (interval.start - 3 * week).astimezone(CIVIL).replace(hour=10)
    ozone = Interval(sunny.astimezone(UTC), (sunny + timedelta(hours=8)).astimezone(UTC))
    return Events(
        haze=interval if kind is LabelledKind.HAZE else haze if rng.random() < ORDINARY_SHARE else None,
        rain=rain,
        ozone=interval if kind is LabelledKind.OZONE else ozone if rng.random() < ORDINARY_SHARE else None,
        plume=None,
    )


def _milder(events: Events, kind: LabelledKind, strength: float) -> Events:
    """The same with the haze or ozone of the event itself at another strength."""
    if kind is LabelledKind.HAZE:
        return replace(events, haze_strength=strength)
    return replace(events, ozone_strength=strength) if kind is LabelledKind.OZONE else events


def _measured(
    seed: int,
    world: World,
    stations: tuple[Station, ...],
    *,
    kind: LabelledKind,
    interval: Interval,
    truth: tuple[Release | None, Flaw | None, tuple[Release, ...]],
) -> LabelledEvent:
    release, flaw, past = truth
    hourly, minute = {}, {}
    for station in stations:
        found = measure(world, station)
        if flaw is not None and flaw.station_id == station.id:
            spoil(found, flaw, generator(seed, "flaw"))
        hourly[station.id] = hourly_frame(found)
        minute[station.id] = minute_frame(found, max(interval.start - MINUTES_BEFORE, world.start), world.end)
    station_id, name = headline(hourly, interval, _alert(kind, flaw))
    excess = {} if release is None else {item.id: _excess(Site(world, item), release) for item in stations}
    return LabelledEvent(
        seed=seed,
        stations=stations,
        hourly=hourly,
        minute=minute,
        station_id=station_id,
        parameter=name,
        window=exceeding(hourly[station_id][name], interval),
        kind=kind,
        interval=interval,
        release=release,
        flaw=flaw,
        past=past,
        excess=excess,
        reached=_reached(excess, release),
    )


def _alert(kind: LabelledKind, flaw: Flaw | None) -> tuple[str | None, str | None]:
    """Station and parameter where they are given by the kind of event."""
    if flaw is not None:
        return flaw.station_id, flaw.parameters[0]
    return None, {LabelledKind.HAZE: "pm25", LabelledKind.OZONE: "o3"}.get(kind)


def _excess(site: Site, release: Release) -> pd.DataFrame:
    """Hourly means of what one release adds at a station."""
    begin, end = site.world.start, site.world.end
    hours = pd.date_range(begin, end, freq="h", inclusive="left", name="start").as_unit("us")
    if release.id not in site.excess:
        return pd.DataFrame(dict.fromkeys(release.emission, 0.0), index=hours)
    part = site.world.minute_air(site.city).part(begin.timestamp(), end.timestamp())
    leading = site.excess[release.id][part].reshape(-1, 60).mean(axis=1)
    return pd.DataFrame(
        {name: canonical(name, share * leading) for name, share in release.emission.items()}, index=hours
    )


def _reached(excess: dict[str, pd.DataFrame], release: Release | None) -> tuple[str, ...]:
    if release is None:
        return ()
    peaks = {station_id: float(frame[release.kind.leading].max()) for station_id, frame in excess.items()}
    least = REACHED_SHARE * max(peaks.values())
    return tuple(station_id for station_id, peak in peaks.items() if peak > 0 and peak >= least)
