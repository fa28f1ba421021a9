"""The case file of an event: what it is, how sure that is, where it comes from, and what would change the answer.

Every figure has its unit, count and 90 % interval, or is None with the reason in ``statements``. Docs: ``docs/attribution.md``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from schemas.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable


class EventKind(StrEnum):
    """What happened; ``UNKNOWN`` where the evidence does not tell."""

    PLUME = "plume"
    HAZE = "haze"
    OZONE = "ozone"
    DUST = "dust"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Data that a case file was computed from: the first version from minutes, its renewals from hours."""

    MINUTE = "minute"
    HOURLY = "hourly"


class BearingBasis(StrEnum):
    """What a direction rests on.

    ``held``: the wind of hardly any other day explains the excess as well. ``wind``: the wind of the hours with excess, which agrees
    with it, as that of other days would.
    """

    HELD = "held"
    WIND = "wind"


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 90 % interval, in the unit that its owner names."""

    value: float
    low: float
    high: float


class KindShare(msgspec.Struct, frozen=True, kw_only=True):
    """Probability of one kind of event [1]; those of a case file sum to 1."""

    kind: EventKind
    probability: float


class SourceShare(msgspec.Struct, frozen=True, kw_only=True):
    """Part of the parameter's concentration in the event that comes from one kind of source.

    Attributes
    ----------
    kind : str
        Id of the source library (``word.source_kind``); ``background``: what would be there without the event;
        ``unnamed``: part of the event that no kind of the library explains well enough.
    percent : Estimate
        Of the mean concentration in the hours of the event [%].
    score : float or None
        How well the enriched species fit the kind, 0 to 1 [1]; None for ``background`` and ``unnamed``.
    species : tuple of str
        Species that the share rests on.
    """

    kind: str
    percent: Estimate
    score: float | None = None
    species: tuple[str, ...] = ()


LEAST_SAID = 0.5
"""Upper bound from which a share is stated [%]: smaller ones round to nothing."""


def stated_shares(shares: Iterable[SourceShare]) -> tuple[SourceShare, ...]:
    """Shares without those that round to nothing.

    Examples
    --------
    >>> none, half = (Estimate(value=value, low=0.0, high=value) for value in (0.2, 50.0))
    >>> [item.kind for item in stated_shares([SourceShare(kind="coal", percent=half), SourceShare(kind="dust", percent=none)])]
    ['coal']
    """
    return tuple(item for item in shares if item.percent.high >= LEAST_SAID)


class Bearing(msgspec.Struct, frozen=True, kw_only=True):
    """Direction that the excess came from, seen from the station.

    Attributes
    ----------
    from_deg : Estimate
        [deg] clockwise from north; ``low`` to ``high`` clockwise, may pass north.
    chance : float
        Probability that the wind of another day explains the excess as well, and that chance gives so large an excess: the larger
        one [1]. Of the basis ``wind`` the first alone.
    hours : int
        Hours with excess and wind.
    basis : BearingBasis
        Documents of earlier versions lack it: they were not compared with the wind of other days.
    """

    from_deg: Estimate
    chance: float
    hours: int
    basis: BearingBasis = BearingBasis.WIND


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the release probably is, by the excess of several stations.

    Attributes
    ----------
    lon, lat : float
        Most probable place, WGS-84 [deg].
    distance_km, bearing_deg : float
        From the station.
    area_km2 : float
        Of the region that holds the release with 90 % probability [km2].
    rate_kg_h : Estimate
        Of ``parameter`` [kg h-1].
    stations : int
        With an excess above three standard deviations.
    """

    parameter: str
    lon: float
    lat: float
    distance_km: float
    bearing_deg: float
    area_km2: float
    rate_kg_h: Estimate
    stations: int


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise of the registry that lies upwind: a place to look, not an accusation.

    Attributes
    ----------
    distance_km, bearing_deg : float
        From the station.
    in_direction, in_place, kind_fits : bool or None
        Whether it lies in the interval of the bearing, in the region of the place, and is of a leading kind of source;
        None where there is no such product.
    """

    id: str
    name_zh: str
    name_en: str
    kind: str
    distance_km: float
    bearing_deg: float
    in_direction: bool | None
    in_place: bool | None
    kind_fits: bool | None


class SimilarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A past event that looked alike.

    Attributes
    ----------
    key : str
        Of its case file.
    likeness : float
        0 to 1 [1]; ``compared`` features of both were known.
    """

    key: str
    kind: EventKind
    station_id: str
    parameter: str
    start: datetime
    likeness: float
    compared: int


class EventSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of all parameters and stations that belong together in space, time and chemistry.

    Attributes
    ----------
    start, peak_at : datetime
        UTC.
    end : datetime or None
        UTC, half-open; None while it goes on.
    parameters, stations : tuple of str
        The most deviating first.
    advance_deg : float or None
        Direction that the rise moves to [deg]; None where it cannot be stated.
    """

    start: datetime
    peak_at: datetime
    end: datetime | None
    parameters: tuple[str, ...]
    stations: tuple[str, ...]
    advance_deg: float | None = None
    advance_m_s: float | None = None


class EventPeak(msgspec.Struct, frozen=True, kw_only=True):
    """The parameter in the event: extremes in its canonical unit, with the median of the days before.

    ``value`` and ``mean`` are None only where a fault left no value at all.
    """

    unit: str
    value: float | None
    mean: float | None
    usual: float | None
    usual_hours: int
    hours: int


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one event, the document of kind ``case``.

    Attributes
    ----------
    key : str
        ``{station}/{parameter}/{start}``, as an episode's.
    computed_at : datetime
        UTC; of the newest data that were used.
    kind : EventKind
        The answer; ``kinds`` has the probability of each.
    sources : tuple of SourceShare
        The largest share first; empty where no excess could be computed.
    bearing, place : Bearing, Place or None
        None where they cannot be stated: the reason is a statement of topic ``direction``, ``place``.
    statements : tuple of Statement
        The first (topic ``answer``) is the answer in one sentence, the next ones the evidence, then topics ``fault`` (what
        indicates a fault), ``change`` (what would change the answer) and ``missing``.
    """

    key: str
    station_id: str
    parameter: str
    basis: Basis
    computed_at: datetime
    event: EventSpan
    peak: EventPeak
    kind: EventKind
    kinds: tuple[KindShare, ...]
    sources: tuple[SourceShare, ...]
    bearing: Bearing | None
    place: Place | None
    enterprises: tuple[Candidate, ...]
    similar: tuple[SimilarEvent, ...]
    statements: tuple[Statement, ...]
    missing: tuple[str, ...]

    @property
    def answer(self) -> Statement:
        """First line: what it is, from where, how sure."""
        return self.statements[0]
