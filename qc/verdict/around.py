"""Evidence of the stations around and of the weather. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.space.spatial import Places
from qc.verdict.case import FOLLOWS, RADIUS_KM, Channel, Context, Finding, Words
from qc.verdict.deviation import BEFORE_H, median, table
from qc.verdict.kin import are_companions, family, is_regional
from qc.wording import figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_RAIN_BEFORE_H, _SUN_BEFORE_H = 3, 6
"""Hours that rain and sun work on after [h]."""
_RAIN_MM, _SUN_W_M2, _MOST = 0.1, 250.0, 0.5
"""Rain of an hour and radiation that count [mm, W m⁻²]; part of the hours that are most of them [1]."""
_DAY_H = 24
_FAR = 4.0
"""Robust standard deviations from the stations around at which a regional parameter stands alone [1]."""
_STEADY = frozenset({"gamma_dose_rate"})
"""Parameters that are the same day after day where nothing happens, so that they need nothing to be compared with."""
_LEAST_TREND, _LOOSE, _MOST_REFERENCES = (0.15, 2.0), 0.6, 3
"""Change of the logarithm of a ratio, or of a difference by its hourly scatter, worth naming; change from hour to hour beyond which two series do not
go together [1]; how many of those that do are asked."""


def neighbours(context: Context) -> Finding:
    """Others that depart in the same way. Those that do not say nothing: a plume is seen by one station."""
    if not context.sign or (context.is_local and context.apart is not None):
        return Finding("neighbours")
    known = context.neighbours
    agree = [name for name, item in known.items() if item.deviations * context.sign >= FOLLOWS]
    if len(known) < 2 or len(agree) < len(known) / 2:  # noqa: PLR2004 - one neighbour proves nothing
        return Finding("neighbours")
    figures: dict[str, str | Words] = {"others": str(len(agree)), "count": str(len(known)), "radius": figure(RADIUS_KM)}
    return Finding("neighbours", is_event=True, figures=figures)


def region(context: Context) -> Finding:
    """Of what changes over whole regions at once: a station that departs alone, or that alone stays where it was."""
    known = list(context.neighbours.values())
    if context.moved is None or len(known) < 3:  # noqa: PLR2004
        return Finding("region")
    figures: dict[str, str | Words] = {"count": str(len(known)), "radius": figure(RADIUS_KM)}
    is_alone = context.apart is not None and context.is_local and abs(context.apart.deviations) >= _FAR
    if is_alone and context.sign and is_regional(context.code):
        return Finding("region", is_event=False, figures=figures)
    return Finding("region")


def drift(context: Context) -> Finding:
    """A distance from what goes with it as a rule that changes day by day. A steady one says nothing."""
    days = [found for values in _references(context) if len(found := _daily(values)) >= 4]  # noqa: PLR2004
    if not days:
        return Finding("drift")
    trends = [item for item in (_trend(found, context) for found in days) if item is not None]
    total = float(np.median(trends)) if trends else 0.0
    if sum(np.sign(item) == np.sign(total) for item in trends) < 0.6 * len(days):
        return Finding("drift")
    change = f"{100 * (float(np.exp(total)) - 1):+.0f} %" if context.is_ratio(context.code) else f"{total:+.1f} σ"
    return Finding("drift", is_event=False, figures={"change": change, "days": str(len(days[0]))})


def _trend(days: Field, context: Context) -> float | None:
    """Change over the days by the median slope between any two, where the days lie along it and no one step makes it; else None."""
    count = len(days)
    at = np.arange(count)
    slope = float(np.median([(days[j] - days[i]) / (j - i) for i in range(count) for j in range(i + 1, count)]))
    total, rest = slope * (count - 1), days - slope * at
    scatter = float(np.sqrt(np.mean((rest - np.median(rest)) ** 2)))
    least = _LEAST_TREND[0] if context.is_ratio(context.code) else _LEAST_TREND[1]
    is_steady = scatter < 0.35 * abs(total) and float(np.abs(np.diff(days)).max()) < 0.8 * abs(total)
    return total if abs(total) > least and is_steady else None


def _references(context: Context) -> list[Field]:
    """Distances from second instruments; else from the channels, and the stations around, that went with it most closely."""
    twins = [values for channel, values in context.channels.items() if channel.code == context.code]
    if twins:
        return [context.distance(values) for values in twins]
    level = context.level(context.code)
    around = _of_the_weather(context) if level is None else [level]
    bound = [values for channel, values in context.channels.items() if are_companions(context.code, channel.code)]
    loose = [values for channel, values in context.channels.items() if _goes_with(context, channel)]
    found = [context.distance(values) for values in [*(bound or loose), *around]]
    scored = sorted((_looseness(item, context), at) for at, item in enumerate(found))
    close = [found[at] for looseness, at in scored if looseness < _LOOSE][:_MOST_REFERENCES]
    return close or ([context.distance(np.ones(len(context.index)))] if context.code in _STEADY else [])


def _goes_with(context: Context, channel: Channel) -> bool:
    own = family(context.code)
    if own is None:
        return False
    return family(channel.code) is own or (channel.source == context.network and family(channel.code) is not None)


def _of_the_weather(context: Context) -> list[Field]:
    """Level of the weather stations around, where the parameter is one that they measure."""
    tables = [
        table(frame, [context.code], context.index)[:, 0]
        for frame in context.scene.met.values()
        if context.code in frame
    ]
    return [median(np.stack(tables), least=3)] if len(tables) >= 3 else []  # noqa: PLR2004


def _looseness(distance: Field, context: Context) -> float:
    """Typical change of a logarithm from hour to hour before the case; of a difference that is known, 0 [1]."""
    steps = np.diff(distance[:BEFORE_H])
    steps = steps[np.isfinite(steps)]
    if len(steps) < BEFORE_H / 2:
        return np.inf
    return float(np.median(np.abs(steps))) if context.is_ratio(context.code) else 0.0


def _daily(distance: Field) -> Field:
    """Medians of whole days counted back from the end; those with fewer than half of the hours are left out."""
    count = len(distance) // _DAY_H
    days = distance[len(distance) - count * _DAY_H :].reshape(count, _DAY_H)
    full = [day[np.isfinite(day)] for day in days]
    return np.array([np.median(day) for day in full if len(day) >= _DAY_H / 2])


def rain(context: Context) -> Finding:
    """Whether rain washed out what the dose rate rises by."""
    if context.sign <= 0 or context.code != "gamma_dose_rate":
        return Finding("rain")
    return _explained(context, "rain", _met(context, "rain", _RAIN_BEFORE_H), _RAIN_MM)


def sun(context: Context) -> Finding:
    """Whether the sun shone where ozone rises."""
    if context.sign <= 0 or context.code != "o3":
        return Finding("sun")
    return _explained(context, "sun", _met(context, "global_radiation", _SUN_BEFORE_H), _SUN_W_M2)


def _explained(context: Context, name: str, values: Field | None, least: float) -> Finding:
    """Event where the weather explains most of the hours that depart, fault where it is known of most and explains none of them."""
    if values is None or context.chosen is None:
        return Finding(name)
    inside = values[context.chosen.rows]
    share = float((inside > least).mean())
    is_known = float(np.isfinite(inside).mean()) > _MOST
    return Finding(name, True if share > _MOST else False if not share and is_known else None)


def _met(context: Context, name: str, before_h: int) -> Field | None:
    """Largest weather value from some hours before each hour to it, of the station itself or the nearest one that has any."""
    scene = context.scene
    frames = [frame for frame in (context.own, *scene.beside.values()) if frame is not None]
    distance = Places.of([scene.station, *scene.met_stations]).distance_km()[0][1:]
    order = np.argsort(distance)
    near = [scene.met_stations[at].id for at in order if distance[at] <= RADIUS_KM]
    frames += [scene.met[item] for item in near if item in scene.met]
    for frame in frames:
        values = pd.Series(table(frame, [name], context.index)[:, 0])
        if values.iloc[BEFORE_H:].notna().any():
            return values.rolling(before_h + 1, min_periods=1).max().to_numpy()
    return None
