"""What the concentration of an event consists of: background, kinds of source, and what has no name; with 90 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.case.background import background_of
from analysis.case.case_file import Estimate, EventKind, SourceShare
from analysis.case.case_hours import FULL_HISTORY_H, mean_of
from analysis.case.channel import NEAREST, channels_of
from analysis.receptor.source_library import BACKGROUND, UNNAMED, SourceProbability, apportion_excess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.case.background import BackgroundLevel
    from analysis.case.case_hours import CaseHours
    from analysis.case.channel import Channels
    from analysis.receptor.source_library import Apportionment

    Field = NDArray[np.float64]

LEAST_PERCENT = 2.0
"""Kinds with a smaller share, and no larger upper bound, are part of ``unnamed`` [%]."""
CONFIRMED_Z, CONFIRMED_CHANNELS = 6.0, 2
"""Robust standard deviations, and channels, from which an excess without a direction has a named source; project choice [1]."""
CLEAR_Z = 8.0
"""The same of the parameter itself [1]."""
LEAST_MORE = 4
"""Species that a neighbour measures and the station does not, from which it is asked."""
REACHED_Z = 4.0
"""Robust standard deviations of the parameter from which a neighbour counts as in the plume [1]."""
SCALE_ERROR = 0.3
"""Relative error of an excess that is taken from a neighbour [1]."""
LEAST_NAMED = 0.3
"""Least probability of a kind of source that is named [1]."""
SHORT_HISTORY_SCORE = 0.8
"""Agreement with the library profile [1] from which a kind is named after fewer than `FULL_HISTORY_H` hours: the usual levels, and so
the excesses, are then uncertain by more than their standard errors say; project choice."""
LEAST_PART = 0.02
"""Part of the parameter's excess that a kind is taken to explain at least [1]: no kind is ruled out by one species."""
UNNAMED_PART = 0.5
"""The same of an unlisted kind [1]; tuned on simulated plumes."""
_LEVELS = (0.05, 0.5, 0.95)
_LOW_QUANTILE = 0.05
_PERCENT = 100.0
_ONLY_UNNAMED = SourceProbability(kind=UNNAMED, probability=1.0)
NOT_RELEASED = frozenset({"photochemistry", "secondary_inorganic", "sea_salt", "biogenic"})
"""Kinds that are formed in the air or over wide areas: no source of a plume."""
COMPARED_AS = {"no": "nox", "no2": "nox", "m_xylene": "m_p_xylene", "p_xylene": "m_p_xylene", "bc": "ec"}
"""Parameters that the library compares as another one."""


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """Composition of the parameter's mean concentration in the window.

    Attributes
    ----------
    shares : tuple of SourceShare
        The largest first; empty where nothing could be computed.
    excess : array, (hour,)
        Excess of the parameter over the background in the hours of the window, canonical unit.
    seen : tuple of str
        Species with a clear excess.
    """

    shares: tuple[SourceShare, ...]
    excess: NDArray[np.float64]
    seen: tuple[str, ...] = ()


def sources_of(case_hours: CaseHours, channels: Channels, kind: EventKind, *, is_clear: bool) -> Composition:
    """Composition of the mean concentration.

    Of a plume the background comes from the neighbours that it does not reach, and the excess is divided by the source
    library. Of other kinds of event the background is the station's usual level, and the excess has no name. A fault
    has none.

    Parameters
    ----------
    case_hours : CaseHours
    channels : Channels
    kind : EventKind
    is_clear : bool
        Whether the excess is known to have come from one side; otherwise a kind is named only where several species say so.
    """
    at = channels.at(case_hours.given.parameter)
    inside = case_hours.inside
    if at is None:
        return Composition(shares=(), excess=np.full(int(inside.sum()), np.nan))
    is_plume = kind is EventKind.PLUME
    deviation = channels.deviation if is_plume else channels.deviation[:, :1]
    found = background_of(deviation, case_hours.before, inside)
    level, weight = _levels(channels, found, inside)
    excess = _hourly_excess(channels, found, inside, at)
    mean = mean_of(channels.value[:, 0][:, inside])
    if kind is EventKind.FAULT or not mean[at] > 0:
        return Composition(shares=(), excess=excess)
    background = _percent(np.clip(level[at] / mean[at], 0.0, 1.0), weight[at])
    if not is_plume:
        return Composition(shares=_regional(background), excess=excess)
    species, usual = _excesses(channels, level, weight, mean), _local_usual(channels, case_hours)
    for name, pair in neighbour_excess(case_hours, channels, species).items():
        species.setdefault(name, pair)
    apportioned = apportion_excess(species, usual=usual)
    ranked = _of_parameter(apportioned, case_hours.given.parameter)
    if not (is_clear or _is_confirmed(channels, case_hours.given.parameter)):
        ranked = (_ONLY_UNNAMED,)
    if case_hours.series(case_hours.given.parameter).history[0] < FULL_HISTORY_H:
        ranked = tuple(_agreeing(ranked))
    return Composition(shares=_divided(background, ranked), excess=excess, seen=apportioned.seen)


def _agreeing(ranked: tuple[SourceProbability, ...]) -> Iterator[SourceProbability]:
    """The sources, without a name where they agree with their profile too little for a short history."""
    for item in ranked:
        is_clear = item.kind == UNNAMED or item.score is None or item.score >= SHORT_HISTORY_SCORE
        yield item if is_clear else SourceProbability(kind=UNNAMED, probability=item.probability)


def _is_confirmed(channels: Channels, parameter: str) -> bool:
    """Whether the parameter or several other channels rose here and not at the neighbours, far more than they do by chance."""
    at = channels.at(parameter)
    if at is not None and channels.z_score[at] >= CLEAR_Z:
        return True
    others = np.array([z for name, z in zip(channels.names, channels.z_score, strict=True) if name != parameter])
    return int((others >= CONFIRMED_Z).sum()) >= CONFIRMED_CHANNELS


def _levels(channels: Channels, found: BackgroundLevel, inside: NDArray[np.bool_]) -> tuple[Field, Field]:
    """Mean background concentrations in the window, canonical units, and their probabilities, (channel, point)."""
    usual = mean_of(channels.usual[:, inside] + channels.offset[:, None])
    return np.exp(found.grid) * usual[:, None] - channels.offset[:, None], found.weight


def _hourly_excess(channels: Channels, found: BackgroundLevel, inside: NDArray[np.bool_], at: int) -> Field:
    middle = float((found.grid[at] * found.weight[at]).sum())
    offset = channels.offset[at]
    return np.asarray(channels.value[at, 0, inside] - (channels.usual[at, inside] + offset) * np.exp(middle) + offset)


def _excesses(channels: Channels, level: Field, weight: Field, mean: Field) -> dict[str, tuple[float, float]]:
    """Mean excess over the background and its standard error by channel, canonical units."""
    expected = (level * weight).sum(axis=1)
    error = np.sqrt(np.maximum((level**2 * weight).sum(axis=1) - expected**2, 0.0))
    return {
        name: (float(value), float(sigma))
        for name, value, sigma in zip(channels.names, mean - expected, error, strict=True)
        if np.isfinite(value) and np.isfinite(sigma)
    }


def neighbour_excess(
    case_hours: CaseHours, channels: Channels, own: dict[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Excess of species that the station does not measure, from the neighbour in the same plume that measures most of them.

    Scaled by the excess of the parameter at both.

    Parameters
    ----------
    case_hours : CaseHours
    channels : Channels
    own : dict of str to (float, float)
        Excess at the station and its standard error, canonical units.
    """
    code, at = case_hours.given.parameter, channels.at(case_hours.given.parameter)
    near = [name for name in case_hours.station_ids[1 : NEAREST + 1] if code in case_hours.measured(name)]
    if at is None or code not in own or not own[code][0] > 0:
        return {}
    more = {name: len(set(case_hours.measured(name)) - set(channels.names)) for name in near}
    for name in sorted(near, key=lambda item: -more[item]):
        if more[name] < LEAST_MORE:
            break
        alone = channels_of(case_hours, name, only=code)
        if not alone.names or not alone.z_score[0] >= REACHED_Z:
            continue
        other = channels_of(case_hours, name)
        found = background_of(other.deviation, case_hours.before, case_hours.inside)
        level, weight = _levels(other, found, case_hours.inside)
        mean = mean_of(other.value[:, 0][:, case_hours.inside])
        there = _excesses(other, level, weight, mean)
        if code not in there or not there[code][0] > 0:
            continue
        factor = own[code][0] / there[code][0]
        return {
            species: (value * factor, float(np.hypot(sigma, SCALE_ERROR * value)) * factor)
            for species, (value, sigma) in there.items()
            if species not in channels.names
        }
    return {}


def _local_usual(channels: Channels, case_hours: CaseHours) -> dict[str, float]:
    """Median of the history less its 5 % quantile, canonical units."""
    past = channels.value[:, 0][:, case_hours.before]
    middle, low = np.nanquantile(past, [1 / 2, _LOW_QUANTILE], axis=1)
    return {name: max(float(value), 0.0) for name, value in zip(channels.names, middle - low, strict=True)}


def _of_parameter(found: Apportionment, parameter: str) -> tuple[SourceProbability, ...]:
    """Probability of each kind, given that there is a source and that it emits the parameter; the most probable first."""
    name = COMPARED_AS.get(parameter, parameter)
    is_compared = any(name in parts for parts in found.explained.values())
    weights = []
    for item in found.sources:
        part = found.explained.get(item.kind, {}).get(name, 0.0) if is_compared else 1.0
        weights.append(item.probability * (UNNAMED_PART if item.kind == UNNAMED else max(part, LEAST_PART)))
    kept = [
        (item, weight)
        for item, weight in zip(found.sources, weights, strict=True)
        if item.kind != BACKGROUND and item.kind not in NOT_RELEASED
    ]
    total = sum(weight for _, weight in kept)
    if not total > 0:
        return (_ONLY_UNNAMED,)
    new = [msgspec.structs.replace(item, probability=weight / total) for item, weight in kept]
    return tuple(sorted(new, key=lambda item: (-item.probability, item.kind)))


def _percent(share: Field, weight: Field) -> Estimate:
    """Median and 90 % interval [%] of a distribution; ``share`` ascending."""
    low, middle, high = np.interp(_LEVELS, np.cumsum(weight), share)
    return Estimate(value=_PERCENT * float(middle), low=_PERCENT * float(low), high=_PERCENT * float(high))


def _regional(background: Estimate) -> tuple[SourceShare, ...]:
    rest = Estimate(value=_PERCENT - background.value, low=_PERCENT - background.high, high=_PERCENT - background.low)
    return _ranked([SourceShare(kind=BACKGROUND, percent=background), SourceShare(kind=UNNAMED, percent=rest)])


def _divided(background: Estimate, ranked: tuple[SourceProbability, ...]) -> tuple[SourceShare, ...]:
    """Background, and the excess by the probability that it is of a kind of source."""
    excess = Estimate(value=_PERCENT - background.value, low=_PERCENT - background.high, high=_PERCENT - background.low)
    shares = [SourceShare(kind=BACKGROUND, percent=background)]
    rest = 0.0
    least = max((item.probability for item in ranked if item.kind != UNNAMED), default=0.0)
    for item in ranked:
        if least < LEAST_NAMED or item.kind == UNNAMED or excess.value * item.probability < LEAST_PERCENT:
            rest += item.probability
        else:
            percent = _uncertain(excess, item.probability)
            shares.append(SourceShare(kind=item.kind, percent=percent, score=item.score, species=item.species))
    if excess.value * rest >= LEAST_PERCENT or len(shares) == 1:
        shares.append(SourceShare(kind=UNNAMED, percent=_uncertain(excess, rest)))
    return _ranked(shares)


def _uncertain(excess: Estimate, probability: float) -> Estimate:
    """Share [%] of a kind that is the source with a probability, and otherwise adds nothing."""
    low, high = _LEVELS[0], _LEVELS[-1]
    return Estimate(
        value=excess.value * probability,
        low=excess.low if probability > high else 0.0,
        high=excess.high if probability >= low else excess.value * probability,
    )


def _ranked(shares: list[SourceShare]) -> tuple[SourceShare, ...]:
    return tuple(sorted(shares, key=lambda item: (-item.percent.value, item.kind)))
