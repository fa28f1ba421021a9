"""One station's part of a run, pure: native frames in; verdicts, hours and their verdicts out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from qc.hourly.flagging import flag_hours
from qc.hourly.mean import Hourly, aggregate, merge, with_completeness
from qc.hourly.uncertainty import with_uncertainty
from qc.native.flagging import Stream, flag_native
from qc.native.place import place_of
from qc.station.window import Window, reporting_hours
from schemas.frames import STATUS, concat_flags, empty_flags, parameters_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from qc.calibration.applied import Calibrations
    from qc.limits.thresholds import Thresholds
    from schemas.network import Instrument, Station


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging depends on beside the data.

    Attributes
    ----------
    zone : ZoneInfo
        Of the civil months by which limits may change.
    calibrations : Calibrations or None
        What checks and decisions say of the data; None: nothing.
    """

    network: str
    zone: ZoneInfo
    thresholds: Thresholds
    window: Window
    calibrations: Calibrations | None = None


class Around(Protocol):
    """Gives what the hourly tests are given beside the hours at hand (`qc.run.context_reader.Surroundings`)."""

    def after_past(self, hourly: Hourly, station: Station) -> Hourly:
        """The hours at hand after stored ones before them."""

    def beside(self, station: Station) -> pd.DataFrame | None:
        """Hours of the station's other networks."""

    def near(self, station: Station) -> dict[str, pd.DataFrame]:
        """Hours of neighbours by id."""


@dataclass(slots=True)
class Judged:
    """One station's outcome.

    Attributes
    ----------
    hours : DataFrame
        `schemas.frames` hourly of the written hours; empty where no instrument reported.
    whole : DataFrame
        `schemas.frames` hourly with as much before the window as is known.
    native_flags, hourly_flags : DataFrame
        `schemas.frames` flags of the written hours.
    last_seen : dict of str to Timestamp
        Latest reading by instrument.
    counts : Counter of str
        ``streams``, ``silent``, ``values``, ``hours``.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    station_id: str
    hours: pd.DataFrame = field(default_factory=pd.DataFrame)
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)
    native_flags: pd.DataFrame = field(default_factory=empty_flags)
    hourly_flags: pd.DataFrame = field(default_factory=empty_flags)
    last_seen: dict[str, pd.Timestamp] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    unevaluated: Counter[str] = field(default_factory=Counter)


def judge_station(
    station: Station, natives: Mapping[str, pd.DataFrame], rules: Rules, around: Around | None = None
) -> Judged:
    """Judge a station's instruments, make its hours and judge these.

    Parameters
    ----------
    station : Station
    natives : mapping of str to DataFrame
        `schemas.frames` native by instrument id, of the read span; one that is absent or empty is silent.
    rules : Rules
    around : Around or None
        What was there before, beside and near; None: only the hours at hand are looked at.
    """
    found, parts, flags = Judged(station.id), list[Hourly](), list[pd.DataFrame]()
    for instrument in station.instruments_of(rules.network):
        native = natives.get(instrument.id)
        found.counts["silent" if native is None or native.empty else "streams"] += 1
        if native is None or native.empty:
            continue
        parts.append(_judge_instrument(station, instrument, _reported(native), rules, found, flags))
    found.native_flags = concat_flags(flags)
    if not parts:
        return found
    made = merge(parts)
    hours = flag_hours(
        made if around is None else around.after_past(made, station),
        rules.thresholds,
        network=rules.network,
        station_id=station.id,
        zone=rules.zone,
        beside=None if around is None else around.beside(station),
        place=place_of(station),
        near={} if around is None else around.near(station),
    )
    found.unevaluated.update(hours.unevaluated)
    found.whole = hours.hourly
    found.hours = with_uncertainty(
        with_completeness(rules.window.inside(hours.hourly), made),
        rules.thresholds,
        network=rules.network,
        station_id=station.id,
        zone=rules.zone,
    )
    found.hourly_flags = rules.window.flags_inside(hours.records)
    found.counts["hours"] += len(found.hours) * len(parameters_in(found.hours))
    return found


def _judge_instrument(  # noqa: PLR0917 - one step of the loop above
    station: Station,
    instrument: Instrument,
    native: pd.DataFrame,
    rules: Rules,
    found: Judged,
    flags: list[pd.DataFrame],
) -> Hourly:
    found.last_seen[instrument.id] = native.index[-1]
    stream = Stream(
        network=rules.network,
        station_id=station.id,
        instrument_id=instrument.id,
        cadence_s=instrument.cadence_s,
        zone=rules.zone,
        place=place_of(station),
    )
    flagged, values = flag_native(native, stream, rules.thresholds), native
    if rules.calibrations is not None:
        flagged = rules.calibrations.judge(flagged, native, stream)
        values = rules.calibrations.correct(native, stream)
    flags.append(rules.window.flags_inside(flagged.records))
    found.unevaluated.update(flagged.unevaluated)
    found.counts["values"] += rules.window.values_inside(native)
    hours = reporting_hours(native, instrument, rules.window)
    return aggregate(values, flagged.combined, hours, cadence_s=instrument.cadence_s)


def _reported(native: pd.DataFrame) -> pd.DataFrame:
    """Without the parameters that never came, neither as a value nor as a status letter."""
    missing = native.isna().all()
    never = [code for code in parameters_in(native) if missing[code] and f"{code}{STATUS}" not in native]
    return native.drop(columns=never) if never else native
