"""Labelled events of the simulator as cases, and how a case file of one compares with its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.case.case_file import BearingBasis, EventKind
from analysis.case.case_input import CaseInput
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from sensors.simulator.labelled import LabelledKind

if TYPE_CHECKING:
    from analysis.case.case_file import CaseFile, Estimate, SourceShare
    from sensors.simulator.labelled import LabelledEvent

ZONE = ZoneInfo("Asia/Shanghai")
NEAR_DEG = 22.5
KINDS = {
    LabelledKind.PLUME: EventKind.PLUME,
    LabelledKind.HAZE: EventKind.HAZE,
    LabelledKind.OZONE: EventKind.OZONE,
    LabelledKind.FAULT: EventKind.FAULT,
}
_FULL = 360.0
_WIND = ("wind_speed", "wind_direction")
_DAY_H = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A case file against the truth.

    Attributes
    ----------
    is_right : bool
        Kind of event.
    is_source_right, is_direction_near : bool or None
        First kind of source, and direction within 22.5 degrees; not named counts as wrong. None: no plume.
    held : tuple of bool
        Whether each interval of a share (background, and the first other one) holds the truth, in this order. The truth of an excess
        without a named source is the whole release where no other source is named, as the words of the case file say; of a named kind
        that is not the source it is 0.
    widths : tuple of float
        Of these intervals [%].
    is_direction_held : bool or None
        Whether the interval of the direction holds the truth; None: none is named.
    is_tested : bool or None
        Whether the direction holds against the wind of other days, or is the wind alone; likewise.
    """

    is_right: bool
    is_source_right: bool | None
    is_direction_near: bool | None
    held: tuple[bool, ...]
    widths: tuple[float, ...]
    is_direction_held: bool | None
    is_tested: bool | None


def case_input(event: LabelledEvent) -> CaseInput:
    """Data of a labelled event as of the end of its window."""
    stations = {item.id: item for item in event.stations}
    end = event.window.end
    return CaseInput(
        station=stations[event.station_id],
        parameter=event.parameter,
        stations=stations,
        hourly={name: frame[frame.index < end] for name, frame in event.hourly.items()},
        minute={name: frame[frame.index < end] for name, frame in event.minute.items()},
        window=event.window,
        now=end,
        zone=ZONE,
    )


def with_other_wind(event: LabelledEvent, days: int) -> LabelledEvent:
    """The event with the wind of some days before at all stations, the last days first in the history."""
    hourly = {name: _rolled(frame, days) for name, frame in event.hourly.items()}
    minute = {name: _as_hourly(frame, hourly[name]) for name, frame in event.minute.items()}
    return replace(event, hourly=hourly, minute=minute)


def _rolled(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    columns = [name for name in frame if str(name).startswith(_WIND)]
    return frame.assign(**{str(name): np.roll(frame[name].to_numpy(), _DAY_H * days) for name in columns})


def _as_hourly(minute: pd.DataFrame, hourly: pd.DataFrame) -> pd.DataFrame:
    hours = pd.DatetimeIndex(minute.index).floor("h")
    return minute.assign(**{name: hourly[name].reindex(hours).to_numpy() for name in _WIND if name in minute})


def compare(event: LabelledEvent, found: CaseFile) -> Score:
    """Score of a case file."""
    is_right = found.kind is KINDS[event.kind]
    if event.release is None:
        return Score(
            is_right=is_right,
            is_source_right=None,
            is_direction_near=None,
            held=(),
            widths=(),
            is_direction_held=None,
            is_tested=None,
        )
    true_kind = event.release.kind.id if event.release.kind.listed else UNNAMED
    lead = next((item for item in found.sources if item.kind != BACKGROUND), None)
    held, widths = _shares(event, found, lead, true_kind)
    near = within = None
    if found.bearing is not None and event.bearing_deg is not None:
        angle = found.bearing.from_deg
        near = abs((angle.value - event.bearing_deg + _FULL / 2) % _FULL - _FULL / 2) <= NEAR_DEG
        within = (event.bearing_deg - angle.low) % _FULL <= (angle.high - angle.low) % _FULL
    return Score(
        is_right=is_right,
        is_source_right=found.kind is EventKind.PLUME and lead is not None and lead.kind == true_kind,
        is_direction_near=bool(near),
        held=held,
        widths=widths,
        is_direction_held=within,
        is_tested=None if found.bearing is None else found.bearing.basis is BearingBasis.HELD,
    )


def true_percent(event: LabelledEvent) -> float | None:
    """Part of the measured mean that the release adds, at most all of it [%]; None where chemistry makes it unknown."""
    added = _added(event.excess[event.station_id], event.parameter)
    if added is None:
        return None
    values = event.hourly[event.station_id][event.parameter]
    inside = (values.index >= event.window.start) & (values.index < event.window.end)
    mean = float(values[inside].mean())
    share = float(added.reindex(values[inside].index).fillna(0.0).mean()) / mean if mean > 0 else None
    return None if share is None else 100.0 * min(share, 1.0)


def _added(excess: pd.DataFrame, parameter: str) -> pd.Series | None:
    """Series of what a release adds to a parameter; None for one that reacts, or that it does not emit."""
    if parameter == "pm10":
        parts = [excess[name] for name in ("pm25", "coarse") if name in excess]
        return sum(parts[1:], parts[0]) if parts else None
    return excess[parameter] if parameter in excess and parameter not in {"no", "no2", "o3"} else None


def _shares(
    event: LabelledEvent, found: CaseFile, lead: SourceShare | None, true_kind: str
) -> tuple[tuple[bool, ...], tuple[float, ...]]:
    truth = true_percent(event)
    background = next((item for item in found.sources if item.kind == BACKGROUND), None)
    if truth is None or background is None or lead is None or found.kind is not EventKind.PLUME:
        return (), ()
    is_all = lead.kind == UNNAMED and len(found.sources) == len((background, lead))
    pairs = ((background.percent, 100.0 - truth), (lead.percent, truth if is_all or lead.kind == true_kind else 0.0))
    return tuple(_holds(*pair) for pair in pairs), tuple(item.high - item.low for item, _ in pairs)


def _holds(interval: Estimate, truth: float) -> bool:
    return interval.low <= truth <= interval.high
