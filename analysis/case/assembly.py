"""The case file of an event: what it is, where it comes from, and how sure that is.

Data path: `CaseInput` -> `CaseHours`, `channels_of` -> `features_of`, `kind_of` -> statements -> `CaseFile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case import case_statement, origin_statement
from analysis.case.case_file import Basis, CaseFile, EventKind, EventPeak, EventSpan
from analysis.case.case_hours import FULL_HISTORY_H, CaseHours, StationSeries, mean_of
from analysis.case.case_input import CaseInput, CaseInputError
from analysis.case.channel import Channels, channels_of
from analysis.case.chemistry.statement import chemistry_statements
from analysis.case.claim import claim
from analysis.case.direction import bearing_of, direction_of, one_side_of, plume_bearing
from analysis.case.kind.change import changes_of
from analysis.case.kind.feature import RISEN_Z, features_of, is_alone, regional_name
from analysis.case.kind.mark import marks_of
from analysis.case.kind.ordinary import without_doubtful
from analysis.case.kind.probability import kind_of, undecided, weigh_features
from analysis.case.place import is_inside, place_of, release_of
from analysis.case.registry import upwind
from analysis.case.similar import similar_events
from analysis.case.sources import sources_of
from analysis.receptor.plume import plume_statement
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from schemas.parameter import parameter as known
from schemas.reason import Reason
from schemas.statement import Confidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_file import Bearing, Candidate
    from analysis.case.kind.probability import KindAnswer
    from analysis.case.sources import Composition
    from analysis.receptor.plume import PlumeResult
    from schemas.statement import Statement

_ONGOING = pd.Timedelta(hours=1)
_MOST_LISTED = 12


def case_file(given: CaseInput, *, seed: int = 0) -> CaseFile:
    """Compute what is known of an event.

    Parameters
    ----------
    given : CaseInput
    seed : int
        Of the resamples of days; the same data and seed give the same case file.

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
    peak = _peak(case_hours, series)
    channels = channels_of(case_hours)
    event = _span(case_hours, channels)
    missing = _missing(case_hours, series, channels)
    direction = direction_of(case_hours)
    kinds, stated = _kind(case_hours, channels, one_side_of(direction))
    is_plume = kinds.kind is EventKind.PLUME
    bearing = plume_bearing(direction, kinds.shares[0].probability) if is_plume else None
    sources = sources_of(case_hours, channels, kinds.kind, is_clear=bearing is not None)
    # the wind alone, which no place explains, is no wind to locate a place with
    release = release_of(case_hours) if is_plume and bearing_of(direction) is not None else None
    candidates = _enterprises(given, bearing, release, sources)
    found = CaseFile(
        key=f"{given.station.id}/{given.parameter}/{event.start:%Y-%m-%dT%H:%MZ}",
        station_id=given.station.id,
        parameter=given.parameter,
        basis=_basis(case_hours),
        computed_at=given.now,
        event=event,
        peak=peak,
        kind=kinds.kind,
        kinds=kinds.shares,
        sources=sources.shares,
        bearing=bearing,
        place=place_of(release, case_hours),
        enterprises=candidates or (),
        similar=(),
        statements=(),
        missing=missing,
    )
    similar = similar_events(found, given.past, zone=given.zone)
    statements = (
        case_statement.answer_statement(
            given.station, given.parameter, kinds, bearing, sources.shares, alone=is_alone(case_hours)
        ),
        case_statement.what_statement(given.parameter, event, peak, given.zone),
        *case_statement.kind_statements(kinds),
        *chemistry_statements(case_hours, channels, seed=seed),
        *_extent_statement(kinds.kind, missing),
        *origin_statement.source_statements(sources.shares, kinds.kind),
        origin_statement.direction_statement(direction, bearing, kinds.kind),
        *_place_statement(release, given.parameter),
        *origin_statement.enterprise_statements(candidates),
        *origin_statement.similar_statements(similar, given.stations, given.zone),
        *stated,
        case_statement.missing_statement(missing),
    )
    return msgspec.structs.replace(found, similar=similar, statements=statements)


def _kind(
    case_hours: CaseHours, channels: Channels, bearing: Bearing | None
) -> tuple[KindAnswer, tuple[Statement, ...]]:
    """Kind of the event, and the statements of what indicates a fault and of what would change the answer."""
    features = features_of(case_hours, channels, bearing) | marks_of(case_hours.given)
    coarse = _coarse_share(channels, case_hours.inside)
    name = regional_name(case_hours.given.parameter)
    if case_hours.series(case_hours.given.parameter).history[0] < FULL_HISTORY_H:
        features = without_doubtful(features)
    if not _has_level(case_hours):
        return undecided(), (case_statement.fault_statement(None, ()), case_statement.change_statement((), undecided()))
    without = name if is_alone(case_hours) else None
    at = channels.at(case_hours.given.parameter)
    z_score = float("nan") if at is None else float(channels.z_score[at])
    found = kind_of(features, coarse, without=without, z_score=z_score)
    fault = next(item.probability for item in found.shares if item.kind is EventKind.FAULT)
    other = next(item.kind for item in found.shares if item.kind is not EventKind.FAULT)
    names = tuple(item.name for item in found.features)
    changes = changes_of(features, coarse, names, without=without, z_score=z_score)
    return found, (
        case_statement.fault_statement(fault, weigh_features(features, EventKind.FAULT, other, without=without)),
        case_statement.change_statement(changes, found),
    )


def _has_level(case_hours: CaseHours) -> bool:
    """Whether the usual level of the station is known for hours of the event, and how means over as many hours vary."""
    series = case_hours.series(case_hours.given.parameter)
    return bool(np.isfinite(series.deviation[0, case_hours.inside]).any() and np.isfinite(series.block[0]))


def _enterprises(
    given: CaseInput, bearing: Bearing | None, release: PlumeResult | None, sources: Composition
) -> tuple[Candidate, ...] | None:
    """Enterprises upwind; None without a registry or a direction."""
    if given.registry is None or bearing is None:
        return None
    kinds = [item.kind for item in sources.shares if item.kind not in {BACKGROUND, UNNAMED}]
    return upwind(given.registry, given.station, bearing=bearing, in_place=is_inside(release), kinds=kinds[:1])


def _extent_statement(kind: EventKind, missing: tuple[str, ...]) -> tuple[Statement, ...]:
    """That one station does not tell how far an event reaches."""
    if kind is EventKind.FAULT or "neighbours" not in missing:
        return ()
    return (claim("chemistry", "extent", Confidence.NONE),)


def _place_statement(release: PlumeResult | None, parameter: str) -> tuple[Statement, ...]:
    return () if release is None else (msgspec.structs.replace(plume_statement(release, parameter), topic="place"),)


def _no_value(given: CaseInput) -> Reason:
    start, end = (
        f"{moment.astimezone(given.zone):%Y-%m-%d %H:%M}" for moment in (given.window.start, given.window.end)
    )
    figures = {
        "parameter": given.parameter, "station": given.station.id, "start": start, "end": end, "zone": str(given.zone),
    }  # fmt: skip
    return Reason("case", "no_value", figures, "attribution")


def _peak(case_hours: CaseHours, series: StationSeries) -> EventPeak:
    given = case_hours.given
    inside = series.value[0, case_hours.inside]
    valid = inside[np.isfinite(inside)]
    if not len(valid):
        msg = (
            f"{given.parameter} has no valid value at {given.station.id} from {given.window.start:%Y-%m-%d %H:%M} to "
            f"{given.window.end:%Y-%m-%d %H:%M} UTC; an hour, or three minutes of one, are needed"
        )
        raise CaseInputError(msg, reason=_no_value(given))
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


def _coarse_share(channels: Channels, inside: NDArray[np.bool_]) -> float | None:
    """Coarse part of the rise of PM10 at the station [1]; None where it is not known."""
    added = []
    for name in ("pm10", "pm25"):
        at = channels.at(name)
        if at is None:
            return None
        value, usual = (mean_of(rows[at][inside]) for rows in (channels.value[:, 0], channels.usual))
        added.append(float(value - usual))
    whole, fine = added
    return None if not whole > 0 else float(np.clip(1 - fine / whole, 0.0, 1.0))


def _missing(case_hours: CaseHours, series: StationSeries, channels: Channels) -> tuple[str, ...]:
    wind = case_hours.row(case_hours.station_ids[0], "wind_direction")[case_hours.inside]
    others = np.isfinite(series.deviation[1:][:, case_hours.inside]).any(axis=1).sum()
    lacks = {
        "history": int(series.history[0]) < FULL_HISTORY_H or not np.isfinite(series.block[0]),
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
    made = own.index[own[case_hours.given.parameter].notna()]
    return Basis.MINUTE if made.isin(case_hours.hours[case_hours.inside]).any() else Basis.HOURLY
