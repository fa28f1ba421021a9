"""A case with fewer data: without minutes, without other instruments, with one parameter, one neighbour, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_hours import FULL_HISTORY_H, CaseHours
from analysis.case.channel import channels_of
from analysis.case.direction import direction_of, one_side_of
from analysis.case.kind.feature import features_of, is_alone, regional_name
from analysis.case.kind.ordinary import without_doubtful

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.case.case_input import CaseInput
    from analysis.case.kind.feature_value import Feature

WIND = frozenset({"wind_speed", "wind_direction"})
_DROPPED = (0.2, 0.95)
"""Least and largest part of the parameters that the variant ``random`` drops."""
_SEED_SHIFT = 777


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinnedCase:
    """What a case is weighed by.

    Attributes
    ----------
    variant : str
    features : dict of str to Feature
    z_score : float
        As of `analysis.case.kind.probability.kind_of` [1].
    without : str or None
        Likewise; None where neighbours measure the parameter.
    """

    variant: str
    features: dict[str, Feature]
    z_score: float
    without: str | None


def thinned_cases(given: CaseInput, seed: int) -> Iterator[ThinnedCase]:
    """The case with fewer and fewer data, with its neighbours and without them.

    Parameters
    ----------
    given : CaseInput
    seed : int
        Of what is dropped; variants without a usual level are left out.
    """
    for name, variant in variants_of(given, seed):
        for case in (variant, lone(variant)) if name != "single" else (variant,):
            found = _weighed(name, case)
            if found is not None:
                yield found


def variants_of(given: CaseInput, seed: int) -> Iterator[tuple[str, CaseInput]]:
    """Variants by name.

    ``full``; ``hourly``: no minutes; ``instr``: the instrument alone; ``one``: the parameter alone; both also without minutes (``_h``);
    ``random``: some parameters; ``single``: the same with one neighbour. Wind is in all of them.
    """
    rng = np.random.Generator(np.random.PCG64(seed + _SEED_SHIFT))
    own, name = given.station.id, given.parameter
    mine = {code for item in given.station.instruments if name in item.parameters for code in item.parameters}
    dropped = float(rng.uniform(*_DROPPED))
    codes = sorted({str(item).split("__")[0] for item in given.hourly[own].columns})
    kept = {code for code in codes if rng.random() > dropped} | {name} | WIND
    has_minutes = bool(rng.random() < 0.5)
    yield "full", given
    yield "hourly", _cut(given, lambda _: True, minutes=False)
    for label, wanted in (("instr", mine | WIND), ("one", {name} | WIND)):
        yield label, _cut(given, wanted.__contains__)
        yield f"{label}_h", _cut(given, wanted.__contains__, minutes=False)
    some = _cut(given, kept.__contains__, minutes=has_minutes)
    yield "random", some
    others = [item for item in given.hourly if item != own and name in given.hourly[item]]
    if others:
        yield "single", _with_stations(some, {own, str(rng.choice(others))})


def lone(given: CaseInput) -> CaseInput:
    """The same without other stations."""
    return _with_stations(given, {given.station.id})


def _with_stations(given: CaseInput, names: set[str]) -> CaseInput:
    return replace(
        given,
        stations={name: item for name, item in given.stations.items() if name in names},
        hourly={name: item for name, item in given.hourly.items() if name in names},
        minute={name: item for name, item in given.minute.items() if name in names},
    )


def _cut(given: CaseInput, wanted: Callable[[str], bool], *, minutes: bool = True) -> CaseInput:
    """Only some parameters at the station of the case."""
    own = given.station.id
    hourly = given.hourly[own]
    minute = {name: item for name, item in given.minute.items() if minutes or name != own}
    if own in minute:
        minute[own] = minute[own][[name for name in minute[own].columns if wanted(str(name))]]
    columns = [name for name in hourly.columns if wanted(str(name).split("__")[0])]
    return replace(given, hourly={**given.hourly, own: hourly[columns]}, minute=minute)


def _weighed(variant: str, given: CaseInput) -> ThinnedCase | None:
    case_hours = CaseHours(given)
    channels = channels_of(case_hours)
    at = channels.at(given.parameter)
    if at is None:
        return None
    is_lone = is_alone(case_hours)
    features = features_of(case_hours, channels, None if is_lone else one_side_of(direction_of(case_hours)))
    if case_hours.series(given.parameter).history[0] < FULL_HISTORY_H:
        features = without_doubtful(features)
    return ThinnedCase(
        variant=f"{variant}_alone" if is_lone else variant,
        features=features,
        z_score=float(channels.z_score[at]),
        without=regional_name(given.parameter) if is_lone else None,
    )
