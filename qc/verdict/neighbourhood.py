"""Evidence of the neighbouring stations and of the weather. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.space.neighbours import StationCoordinates
from qc.verdict.case import FOLLOWS, Case
from qc.verdict.channel import StationChannel, is_ratio
from qc.verdict.context import Indication
from qc.verdict.deviation import BEFORE_H, median, table
from qc.verdict.kin import are_companions, family, is_regional
from qc.verdict.series import RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.reason import Figure

    Field = NDArray[np.float64]

_RAIN_BEFORE_H, _SUN_BEFORE_H = 3, 6
"""Hours for which rain and sun have an effect [h]."""
_RAIN_MM, _SUN_W_M2, _MOST = 0.1, 250.0, 0.5
"""Least hourly rain and radiation that count [mm, W m⁻²]; part of the hours that is most of them [1]."""
_DAY_H = 24
_FAR = 4.0
"""Robust standard deviations from the neighbours at which a regional parameter deviates alone [1]."""
_STEADY = frozenset({"gamma_dose_rate"})
"""Parameters that are constant from day to day without an event, and need no reference."""
_LEAST_TREND, _LOOSE, _MOST_REFERENCES = (0.15, 2.0), 0.6, 3
"""Change of the logarithm of a ratio, or of a difference by its hourly scatter, worth naming; change from hour to hour beyond which two series do not
go together [1]; how many of those that do are asked."""


def neighbours(case: Case) -> Indication:
    """Neighbours that deviate in the same way; those that do not indicate nothing, since a plume may reach one station only."""
    if not case.sign or (case.is_local and case.from_neighbours is not None):
        return Indication("neighbours")
    known = case.neighbours
    agree = [name for name, item in known.items() if item.z_score * case.sign >= FOLLOWS]
    if len(known) < 2 or len(agree) < len(known) / 2:  # noqa: PLR2004 - one neighbour proves nothing
        return Indication("neighbours")
    figures: dict[str, Figure] = {"others": len(agree), "count": len(known), "radius": RADIUS_KM}
    return Indication("neighbours", is_event=True, figures=figures)


def region(case: Case) -> Indication:
    """Regional parameters: a station that deviates alone, or is the only one that does not change."""
    known = list(case.neighbours.values())
    if case.from_usual is None or len(known) < 3:  # noqa: PLR2004
        return Indication("region")
    figures: dict[str, Figure] = {"count": len(known), "radius": RADIUS_KM}
    is_alone = case.from_neighbours is not None and case.is_local and abs(case.from_neighbours.z_score) >= _FAR
    if is_alone and case.sign and is_regional(case.code):
        return Indication("region", is_event=False, figures=figures)
    return Indication("region")


def drift(case: Case) -> Indication:
    """A distance from closely related series that changes day by day; a constant one indicates nothing."""
    days = [found for values in _references(case) if len(found := _daily(values)) >= 4]  # noqa: PLR2004
    if not days:
        return Indication("drift")
    trends = [item for item in (_trend(found, case) for found in days) if item is not None]
    total = float(np.median(trends)) if trends else 0.0
    if sum(np.sign(item) == np.sign(total) for item in trends) < 0.6 * len(days):
        return Indication("drift")
    change = f"{100 * (float(np.exp(total)) - 1):+.0f} %" if is_ratio(case.code) else f"{total:+.1f} σ"
    return Indication("drift", is_event=False, figures={"change": change, "days": len(days[0])})


def _trend(days: Field, case: Case) -> float | None:
    """Change over the days by the median slope between any two; None where the days scatter or one step causes it."""
    count = len(days)
    at = np.arange(count)
    slope = float(np.median([(days[j] - days[i]) / (j - i) for i in range(count) for j in range(i + 1, count)]))
    total, rest = slope * (count - 1), days - slope * at
    scatter = float(np.sqrt(np.mean((rest - np.median(rest)) ** 2)))
    least = _LEAST_TREND[0] if is_ratio(case.code) else _LEAST_TREND[1]
    is_steady = scatter < 0.35 * abs(total) and float(np.abs(np.diff(days)).max()) < 0.8 * abs(total)
    return total if abs(total) > least and is_steady else None


def _references(case: Case) -> list[Field]:
    """Distances from second instruments; else from the channels and neighbours that followed it most closely."""
    twins = [values for channel, values in case.series.channels.items() if channel.code == case.code]
    if twins:
        return [case.series.distance(values) for values in twins]
    level = case.series.level(case.code)
    around = _of_the_weather(case) if level is None else [level]
    bound = [values for channel, values in case.series.channels.items() if are_companions(case.code, channel.code)]
    loose = [values for channel, values in case.series.channels.items() if _goes_with(case, channel)]
    found = [case.series.distance(values) for values in [*(bound or loose), *around]]
    scored = sorted((_looseness(item, case), at) for at, item in enumerate(found))
    close = [found[at] for looseness, at in scored if looseness < _LOOSE][:_MOST_REFERENCES]
    return close or ([case.series.distance(np.ones(len(case.series.index)))] if case.code in _STEADY else [])


def _goes_with(case: Case, channel: StationChannel) -> bool:
    own = family(case.code)
    if own is None:
        return False
    return family(channel.code) is own or (channel.source == case.series.network and family(channel.code) is not None)


def _of_the_weather(case: Case) -> list[Field]:
    """Level of the neighbouring weather stations, where they measure the parameter."""
    tables = [
        table(frame, [case.code], case.series.index)[:, 0] for frame in case.context.met.values() if case.code in frame
    ]
    return [median(np.stack(tables), least=3)] if len(tables) >= 3 else []  # noqa: PLR2004


def _looseness(distance: Field, case: Case) -> float:
    """Typical change of a logarithm from hour to hour before the case; 0 for a known difference [1]."""
    steps = np.diff(distance[:BEFORE_H])
    steps = steps[np.isfinite(steps)]
    if len(steps) < BEFORE_H / 2:
        return np.inf
    return float(np.median(np.abs(steps))) if is_ratio(case.code) else 0.0


def _daily(distance: Field) -> Field:
    """Medians of whole days counted back from the end; those with fewer than half of the hours are left out."""
    count = len(distance) // _DAY_H
    days = distance[len(distance) - count * _DAY_H :].reshape(count, _DAY_H)
    full = [day[np.isfinite(day)] for day in days]
    return np.array([np.median(day) for day in full if len(day) >= _DAY_H / 2])


def rain(case: Case) -> Indication:
    """Whether wash-out by rain explains the rise of the dose rate."""
    if case.sign <= 0 or case.code != "gamma_dose_rate":
        return Indication("rain")
    return _explained(case, "rain", _met(case, "rain", _RAIN_BEFORE_H), _RAIN_MM)


def sun(case: Case) -> Indication:
    """Whether solar radiation explains the rise of ozone."""
    if case.sign <= 0 or case.code != "o3":
        return Indication("sun")
    return _explained(case, "sun", _met(case, "global_radiation", _SUN_BEFORE_H), _SUN_W_M2)


def _explained(case: Case, name: str, values: Field | None, least: float) -> Indication:
    """Event where the weather explains most of the deviating hours, fault where it is known for most and explains none."""
    if values is None or case.chosen is None:
        return Indication(name)
    inside = values[case.chosen.rows]
    share = float((inside > least).mean())
    is_known = float(np.isfinite(inside).mean()) > _MOST
    return Indication(name, True if share > _MOST else False if not share and is_known else None)


def _met(case: Case, name: str, before_h: int) -> Field | None:
    """Largest weather value from some hours before each hour up to it, of the station itself or the nearest one with values."""
    context = case.context
    frames = [frame for frame in (case.series.own, *context.other_networks.values()) if frame is not None]
    distance = StationCoordinates.of([context.station, *context.met_stations]).distance_km()[0][1:]
    order = np.argsort(distance)
    near = [context.met_stations[at].id for at in order if distance[at] <= RADIUS_KM]
    frames += [context.met[item] for item in near if item in context.met]
    for frame in frames:
        values = pd.Series(table(frame, [name], case.series.index)[:, 0])
        if values.iloc[BEFORE_H:].notna().any():
            return values.rolling(before_h + 1, min_periods=1).max().to_numpy()
    return None
