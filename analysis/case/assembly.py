"""The case file of an event: what it is, where it comes from, and how sure that is.

Data path: `CaseInput` -> `CaseHours`, `channels_of` -> `features_of`, `kind_of` -> statements -> `CaseFile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case import case_statement
from analysis.case.case_file import Basis, CaseFile, EventPeak, EventSpan
from analysis.case.case_hours import CaseHours, StationSeries, mean_of
from analysis.case.case_input import CaseInput, CaseInputError
from analysis.case.channel import Channels, channels_of
from analysis.case.kind.feature import RISEN_Z, features_of
from analysis.case.kind.probability import kind_of
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from schemas.statement import Statement

FULL_HISTORY_H = 20 * 24
"""Fewer valid hours before the event are listed as missing [h]."""
_ONGOING = pd.Timedelta(hours=1)
_MOST_LISTED = 12


def case_file(given: CaseInput, *, seed: int = 0) -> CaseFile:  # noqa: ARG001 - of the tests against shuffled days
    """Compute what is known of an event.

    Parameters
    ----------
    given : CaseInput
    seed : int
        Of the tests by chance; the same data and seed give the same case file.

    Returns
    -------
    CaseFile

    Raises
    ------
    CaseInputError
        The parameter has no valid value at the station in the window.
    """
    case_hours = CaseHours(given)
    series = case_hours.series(given.parameter)
    channels = channels_of(case_hours)
    peak = _peak(case_hours, series)
    event = _span(case_hours, channels)
    kinds = kind_of(features_of(case_hours, channels), _coarse_share(channels))
    missing = _missing(case_hours, series, channels)
    statements: tuple[Statement, ...] = (
        case_statement.answer_statement(given.station, given.parameter, kinds),
        case_statement.what_statement(given.parameter, event, peak, given.zone),
        *case_statement.kind_statements(kinds),
        case_statement.missing_statement(missing),
    )
    return CaseFile(
        key=f"{given.station.id}/{given.parameter}/{event.start:%Y-%m-%dT%H:%MZ}",
        station_id=given.station.id,
        parameter=given.parameter,
        basis=_basis(case_hours),
        computed_at=given.now,
        event=event,
        peak=peak,
        kind=kinds.kind,
        kinds=kinds.shares,
        sources=(),
        bearing=None,
        place=None,
        enterprises=(),
        similar=(),
        statements=statements,
        missing=missing,
    )


def _peak(case_hours: CaseHours, series: StationSeries) -> EventPeak:
    given = case_hours.given
    inside = series.value[0, case_hours.inside]
    valid = inside[np.isfinite(inside)]
    if not len(valid):
        msg = (
            f"{given.parameter} has no valid value at {given.station.id} from {given.window.start:%Y-%m-%d %H:%M} to "
            f"{given.window.end:%Y-%m-%d %H:%M} UTC; an hour, or three minutes of one, are needed"
        )
        raise CaseInputError(msg)
    usual = series.usual[0, case_hours.inside]
    return EventPeak(
        unit=known(given.parameter).unit,
        value=float(valid.max()),
        mean=float(valid.mean()),
        usual=float(mean_of(usual)) if np.isfinite(usual).any() else None,
        usual_hours=int(series.history[0]),
        hours=len(valid),
    )


def _span(case_hours: CaseHours, channels: Channels) -> EventSpan:
    """Hours of the event, with the channels and stations that rose."""
    given = case_hours.given
    series = case_hours.series(given.parameter)
    inside = series.value[0, case_hours.inside]
    peak_at = case_hours.hours[case_hours.inside][int(np.nanargmax(inside))].to_pydatetime()
    order = np.argsort(-channels.z_score, kind="stable")
    risen = [channels.names[index] for index in order if channels.z_score[index] > RISEN_Z]
    rise = mean_of(np.where(case_hours.inside, series.deviation, np.nan))
    stations = [
        name
        for index, name in enumerate(case_hours.station_ids)
        if index and rise[index] > RISEN_Z * series.block[index]
    ]
    is_over = given.now - given.window.end >= _ONGOING
    return EventSpan(
        start=given.window.start,
        peak_at=max(peak_at, given.window.start),
        end=given.window.end if is_over else None,
        parameters=(given.parameter, *[name for name in risen if name != given.parameter][:_MOST_LISTED]),
        stations=(given.station.id, *stations),
    )


def _coarse_share(channels: Channels) -> float | None:
    """Coarse part of the rise of PM10 at the station [1]; None where it is not known."""
    added = []
    for name in ("pm10", "pm25"):
        at = channels.at(name)
        if at is None:
            return None
        usual = channels.value[at].mean() / np.exp(channels.rise[at])
        added.append(float(channels.value[at].mean() - usual))
    whole, fine = added
    return None if not whole > 0 else float(np.clip(1 - fine / whole, 0.0, 1.0))


def _missing(case_hours: CaseHours, series: StationSeries, channels: Channels) -> tuple[str, ...]:
    wind = case_hours.row(case_hours.station_ids[0], "wind_direction")[case_hours.inside]
    others = np.isfinite(series.deviation[1:][:, case_hours.inside]).any(axis=1).sum()
    lacks = {
        "history": int(series.history[0]) < FULL_HISTORY_H,
        "wind": not np.isfinite(wind).any(),
        "neighbours": not others,
        "channels": len(channels.names) <= 1,
        "minutes": case_hours.given.parameter
        not in case_hours.given.minute.get(case_hours.given.station.id, pd.DataFrame()),
    }
    return tuple(name for name, is_missing in lacks.items() if is_missing)


def _basis(case_hours: CaseHours) -> Basis:
    """Minutes where the hours of the window are made of them."""
    own = case_hours.partial.get(case_hours.station_ids[0])
    if own is None or case_hours.given.parameter not in own:
        return Basis.HOURLY
    return Basis.MINUTE if own.index.isin(case_hours.hours[case_hours.inside]).any() else Basis.HOURLY
