"""What the concentration of an event consists of: background, kinds of source, and what has no name; with 90 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analysis.case.background import background_of
from analysis.case.case_file import Estimate, EventKind, SourceShare
from analysis.case.case_hours import FULL_HISTORY_H, mean_of
from analysis.case.plume_excess import background_levels, mean_excess, pooled_excess
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
LEAST_NAMED = 0.3
"""Least probability of a kind of source that is named [1]."""
SHORT_HISTORY_SCORE = 0.8
"""Agreement with the library profile [1] from which a kind is named after fewer than `FULL_HISTORY_H` hours: the usual levels, and so
the excesses, are then uncertain by more than their standard errors say; project choice."""
LEAST_PART = 0.02
"""Part of the parameter's excess that a kind is taken to explain at least [1]: no kind is ruled out by one species."""
EXPLAINED_PART = 0.1
"""Part of the parameter's excess that a kind must explain to be named as its source [1]: with two sources at once the species of one are no
evidence for the origin of what the other emits. Project choice."""
UNNAMED_PART = 0.5
"""The same of an unlisted kind [1]; tuned on simulated plumes."""
MEAN_ERROR = 0.02
"""Standard deviation of the mean of an event, relative, by the error of the instrument [1]; project choice, not from a test report."""
_LEVELS = (0.05, 0.5, 0.95)
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
    level, weight = background_levels(channels, found, inside)
    excess = _hourly_excess(channels, found, inside, at)
    mean = mean_of(channels.value[:, 0][:, inside])
    if kind is EventKind.FAULT or not mean[at] > 0 or not np.isfinite(weight[at]).all():
        return Composition(shares=(), excess=excess)
    background = _percent(np.clip(level[at] / mean[at], 0.0, 1.0), weight[at])
    if not is_plume:
        return Composition(shares=_regional(background), excess=excess)
    species, usual = pooled_excess(case_hours, channels, mean_excess(channels, level, weight, mean))
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


def _hourly_excess(channels: Channels, found: BackgroundLevel, inside: NDArray[np.bool_], at: int) -> Field:
    middle = float((found.grid[at] * found.weight[at]).sum())
    offset = channels.offset[at]
    return np.asarray(channels.value[at, 0, inside] - (channels.usual[at, inside] + offset) * np.exp(middle) + offset)


def _of_parameter(found: Apportionment, parameter: str) -> tuple[SourceProbability, ...]:
    """Probability of each kind, given that there is a source and that it emits the parameter; the most probable first.

    Where no kind of the library emits the parameter, none is named: what other species come from is no evidence for its source.
    """
    name = COMPARED_AS.get(parameter, parameter)
    if not any(name in parts for parts in found.explained.values()):
        return (_ONLY_UNNAMED,)
    listed, rest = [], 0.0
    for item in found.sources:
        part = found.explained.get(item.kind, {}).get(name, 0.0)
        if item.kind == UNNAMED:
            rest += item.probability * UNNAMED_PART
        elif item.kind != BACKGROUND and item.kind not in NOT_RELEASED:
            weight = item.probability * max(part, LEAST_PART)
            if part < EXPLAINED_PART:
                rest += weight
            else:
                listed.append((item, weight))
    total = rest + sum(weight for _, weight in listed)
    if not total > 0:
        return (_ONLY_UNNAMED,)
    new = [msgspec.structs.replace(item, probability=weight / total) for item, weight in listed]
    new.append(SourceProbability(kind=UNNAMED, probability=rest / total))
    return tuple(sorted(new, key=lambda item: (-item.probability, item.kind)))


def _percent(share: Field, weight: Field) -> Estimate:
    """Median and 90 % interval [%] of the background's share, wider by the error of the mean that it is a share of; ``share`` ascending.

    Examples
    --------
    Two of a hundred, surely, by an instrument that shows up to three per cent too much or too little:

    >>> found = _percent(np.array([0.0199, 0.02, 0.0201]), np.array([0.05, 0.9, 0.05]))
    >>> round(found.low, 1), round(found.value, 1), round(found.high, 1)
    (0.0, 2.0, 5.2)
    """
    low, middle, high = np.interp(_LEVELS, np.cumsum(weight), share)
    of_mean = float(norm.ppf(_LEVELS[-1])) * MEAN_ERROR * (1.0 - middle)
    below, above = np.hypot(middle - low, of_mean), np.hypot(high - middle, of_mean)
    return Estimate(
        value=_PERCENT * float(middle),
        low=_PERCENT * max(float(middle - below), 0.0),
        high=_PERCENT * min(float(middle + above), 1.0),
    )


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
    if rest > 0 or len(shares) == 1:
        shares.append(SourceShare(kind=UNNAMED, percent=_uncertain(excess, rest)))
    return _ranked(shares)


def _uncertain(excess: Estimate, probability: float) -> Estimate:
    """Share [%] of a kind that is the source with a probability, and otherwise adds nothing; the value is in its interval.

    The lower bound is the 5 % quantile of that mixture, with a normal distribution of the excess below its median.

    Examples
    --------
    >>> share = _uncertain(Estimate(value=99.0, low=98.0, high=99.5), 0.96)
    >>> round(share.low, 1), round(share.value, 1), round(share.high, 1)
    (95.0, 95.0, 99.5)
    >>> [round(_uncertain(Estimate(value=60.0, low=40.0, high=80.0), part).low) for part in (0.95, 0.96, 1.0)]
    [0, 32, 40]
    """
    low, high = _LEVELS[0], _LEVELS[-1]
    least = 0.0
    if probability > high:
        beyond = norm.isf((probability - high) / probability) / norm.isf(low)
        least = max(excess.value - float(beyond) * (excess.value - excess.low), 0.0)
    value = excess.value * probability
    return Estimate(value=value, low=min(least, value), high=excess.high if probability >= low else value)


def _ranked(shares: list[SourceShare]) -> tuple[SourceShare, ...]:
    return tuple(sorted(shares, key=lambda item: (-item.percent.value, item.kind)))
