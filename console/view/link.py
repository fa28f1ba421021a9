"""Whether a station and its instruments report: the state, since when, and the next step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from alerts.rules.silence import Allowance, allowance_of, silence_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerts.rules.silence import SilenceRule
    from schemas.network import Instrument, Station

LATE_GRACE = timedelta(minutes=10)
"""An instrument is late after one and a half cadences beyond its last interval, at least this long. Project's choice."""


class LinkState(StrEnum):
    """State of a station or instrument, worst first."""

    IMPLAUSIBLE = "lying"
    """It reports implausible data."""
    SILENT = "silent"
    LATE = "late"
    UP = "up"
    ARCHIVE = "archive"
    """A replayed data set: no live message is expected."""


TROUBLED = (LinkState.IMPLAUSIBLE, LinkState.SILENT, LinkState.LATE)
"""States that need action."""


class Advice(StrEnum):
    """Next step for the operator; the texts are in the catalogue under ``advice``."""

    NONE = "none"
    WAIT = "wait"
    ONE_INSTRUMENT = "one_instrument"
    LINK = "link"
    NEVER = "never"
    ARCHIVE = "archive"
    CLOCK = "clock"
    POSING = "posing"
    REFUSED = "refused"


class Implausible(NamedTuple):
    """Why a station is implausible.

    Attributes
    ----------
    advice : Advice
        `CLOCK`: its clock is wrong and readings are held. `POSING`: its payloads name another station. `REFUSED`: most of its
        readings are refused.
    since : datetime
        UTC.
    figure : str
        For the sentence: hours of skew, the name given, or the share refused.
    instruments : frozenset of str
        Those concerned; empty: all.
    """

    advice: Advice
    since: datetime
    figure: str
    instruments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentHealth:
    """One instrument: its last interval and how far it lags.

    Attributes
    ----------
    last_seen : datetime or None
        End of the last stored interval, UTC; None if nothing is stored.
    lag : timedelta or None
        From ``last_seen`` to now, never negative.
    since : datetime or None
        When the state began: the moment at which the next value was due. None while up or never seen.
    """

    instrument_id: str
    network: str
    cadence_s: int
    model: str
    state: LinkState
    last_seen: datetime | None
    lag: timedelta | None
    since: datetime | None

    @property
    def cadence(self) -> timedelta:
        """Time between two readings."""
        return timedelta(seconds=self.cadence_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What the quarantine holds of a station in a period: how many, and the most frequent reason (None if none)."""

    count: int = 0
    top_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHealth:
    """One row of the table of stations. Times UTC; ``completeness`` maps network to a ratio, None where not computed."""

    station: Station
    state: LinkState
    last_seen: datetime | None
    lag: timedelta | None
    since: datetime | None
    advice: Advice
    instruments: tuple[InstrumentHealth, ...]
    rejected: Rejected
    completeness: Mapping[str, float | None]
    figure: str = ""

    @property
    def troubled(self) -> tuple[InstrumentHealth, ...]:
        """Instruments that are late, silent or implausible."""
        return tuple(item for item in self.instruments if item.state in TROUBLED)

    @property
    def concerned(self) -> tuple[InstrumentHealth, ...]:
        """Instruments of the ``advice``: implausible ones where there are any, else late or silent ones."""
        doubted = tuple(item for item in self.instruments if item.state is LinkState.IMPLAUSIBLE)
        return doubted or self.troubled


def instrument_health(
    instrument: Instrument,
    last_start: datetime | None,
    now: datetime,
    *,
    archive: bool,
    delay: timedelta = timedelta(0),
    allowance: Allowance = Allowance(),  # noqa: B008 - immutable
) -> InstrumentHealth:
    """State of one instrument from the start of its last stored interval.

    One without a reading since its return to service is late, and silent when the return is too long ago.

    Parameters
    ----------
    last_start : datetime or None
        Start of the last interval, UTC; None if nothing is stored.
    archive : bool
        The station holds a data set of another time.
    delay : timedelta
        Configured delay of the way to the broker, which makes no reading late.
    allowance : Allowance
        After how long it is silent.
    """
    cadence = timedelta(seconds=instrument.cadence_s)
    last_seen = None if last_start is None else last_start + cadence
    lag = None if last_seen is None else max(timedelta(0), now - last_seen)
    returned = instrument.since if last_start and instrument.since and last_start < instrument.since else None
    state = (
        LinkState.ARCHIVE
        if archive
        else _link_state(lag if returned is None else now - returned, cadence, delay, allowance)
    )
    state = LinkState.LATE if returned and state is LinkState.UP else state
    troubled = state in (LinkState.LATE, LinkState.SILENT)
    return InstrumentHealth(
        instrument_id=instrument.id,
        network=str(instrument.network),
        cadence_s=instrument.cadence_s,
        model=instrument.model,
        state=state,
        last_seen=last_seen,
        lag=lag,
        since=returned or last_seen + cadence + delay if troubled and last_seen else None,
    )


def _link_state(lag: timedelta | None, cadence: timedelta, delay: timedelta, allowance: Allowance) -> LinkState:
    if lag is None or lag > allowance.duration(cadence, delay):
        return LinkState.SILENT
    return LinkState.LATE if lag - delay > cadence + max(LATE_GRACE, cadence / 2) else LinkState.UP


def station_health(  # noqa: PLR0913 - by keyword
    station: Station,
    last_starts: Mapping[tuple[str, str], datetime],
    now: datetime,
    *,
    rejected: Rejected,
    completeness: Mapping[str, float | None],
    doubt: Implausible | None = None,
    silences: Sequence[SilenceRule] = (),
) -> StationHealth:
    """State of one station: implausible if there is a doubt, silent if all its networks are, late if any instrument is late or silent.

    Instruments whose ``until`` has passed or whose ``since`` lies ahead are left out.

    Parameters
    ----------
    silences : sequence of SilenceRule
        Rules on silence, whose definition the page shares with the mails (`alerts.rules.silence.silence_of`).
    """
    archive = station.late_window_h == 0
    active = [item for item in station.instruments if item.serves_at(now)]
    rows = tuple(
        instrument_health(
            item,
            last_starts.get((station.id, item.id)),
            now,
            archive=archive,
            delay=station.delay_of(item),
            allowance=allowance_of(silences, station, item.network),
        )
        for item in active
    )
    if doubt is not None and not archive:
        rows = tuple(_doubted(item, doubt) for item in rows)
    else:
        doubt = None
    is_silent = all(
        _is_silent(station, code, last_starts, now, silences) for code in {str(item.network) for item in active}
    )
    state = LinkState.IMPLAUSIBLE if doubt else _station_state(rows, archive=archive, is_silent=is_silent)
    seen = [item.last_seen for item in rows if item.last_seen is not None]
    began = [item.since for item in rows if item.since is not None]
    last_seen = max(seen, default=None)
    return StationHealth(
        station=station,
        state=state,
        last_seen=last_seen,
        lag=None if last_seen is None else max(timedelta(0), now - last_seen),
        since=doubt.since if doubt else min(began, default=None),
        advice=doubt.advice if doubt else _advice(state, rows, seen),
        figure=doubt.figure if doubt else "",
        instruments=rows,
        rejected=rejected,
        completeness=completeness,
    )


def _doubted(item: InstrumentHealth, doubt: Implausible) -> InstrumentHealth:
    if doubt.instruments and item.instrument_id not in doubt.instruments:
        return item
    return replace(item, state=LinkState.IMPLAUSIBLE, since=doubt.since)


def _is_silent(
    station: Station,
    network: str,
    last_starts: Mapping[tuple[str, str], datetime],
    now: datetime,
    silences: Sequence[SilenceRule],
) -> bool:
    """Whether a network of a station is silent, as mails say it; one that never spoke is."""
    starts = [last_starts.get((station.id, item.id)) for item in station.instruments_of(network)]
    newest = max((item for item in starts if item is not None), default=None)
    if newest is None:
        return True
    found = silence_of(station, network, newest, allowance_of(silences, station, network), now)
    return found is not None and found.is_silent


def _station_state(rows: Sequence[InstrumentHealth], *, archive: bool, is_silent: bool) -> LinkState:
    if archive or not rows:
        return LinkState.ARCHIVE
    if is_silent:
        return LinkState.SILENT
    return LinkState.UP if {item.state for item in rows} == {LinkState.UP} else LinkState.LATE


def _advice(state: LinkState, rows: Sequence[InstrumentHealth], seen: Sequence[datetime]) -> Advice:
    if state is LinkState.UP:
        return Advice.NONE
    if state is LinkState.ARCHIVE:
        return Advice.ARCHIVE
    if state is LinkState.SILENT:
        return Advice.LINK if seen else Advice.NEVER
    return Advice.ONE_INSTRUMENT if any(item.state is LinkState.UP for item in rows) else Advice.WAIT
