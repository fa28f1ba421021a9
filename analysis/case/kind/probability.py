"""Probabilities of the kinds of event, and what each feature adds to the most probable one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import EventKind, KindShare
from analysis.case.kind.ordinary import ordinary_share, shared_part, without_chance
from analysis.case.kind.weights import ALONE, weight_file
from schemas.reason import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.case.kind.feature_value import Feature
    from analysis.case.kind.weights import KindWeights

COARSE_MIDDLE, COARSE_WIDTH = 0.6, 0.07
"""Coarse part of a regional rise of PM10 at which dust and haze are equally probable, and the step of the log-odds [1].

Project choice: no dust event was among those that the weights were fitted on."""
MINUTES = ("flat", "unrest", "rough", "steady")
_LEAST_SHARE = 0.005
"""Probability of chance from which it is listed [1]."""


class WeighedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """A feature with what it adds to the log-odds of the most probable kind against the next one [1]."""

    name: str
    weight: float
    figures: Mapping[str, Figure]


class KindAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Kind of an event.

    Attributes
    ----------
    kind : EventKind
        The most probable one; ``UNKNOWN`` where that is less probable than the file of weights wants.
    shares : tuple of KindShare
        The most probable first; they sum to 1. The last may be ``UNKNOWN``: a rise by chance.
    prior : float
        Log-odds of the first against the second before any feature, or with features as in ordinary air [1].
    features : tuple of WeighedFeature
        The strongest first; ``prior`` plus their weights are the log-odds of the first against the second, a division of haze
        and dust by `dust_share` left out.
    has_evidence : bool
        Whether the kinds could be weighed at all.
    """

    kind: EventKind
    shares: tuple[KindShare, ...]
    prior: float
    features: tuple[WeighedFeature, ...]
    has_evidence: bool = True


def kind_of(
    features: Mapping[str, Feature],
    coarse_share: float | None = None,
    *,
    without: str | None = None,
    z_score: float = float("nan"),
) -> KindAnswer:
    """Probability of each kind of event, by the softmax of its summed weights, and of chance.

    Parameters
    ----------
    features : mapping of str to Feature
        Those that are missing add nothing, but what the station lacks is added to the prior (`lacks_of`).
    coarse_share : float or None
        Coarse part of the rise of PM10 over the region [1]; None: not known, no dust.
    without : str or None
        Feature of the neighbours (`analysis.case.kind.feature.regional_name`) where there are none: the weights of stations without
        neighbours hold.
    z_score : float
        As of `analysis.case.kind.ordinary.ordinary_share` [1]; NaN: chance is left out.

    Examples
    --------
    >>> found = kind_of({})
    >>> round(sum(item.probability for item in found.shares), 6)
    1.0
    """
    file = weight_file() if without is None else weight_file(ALONE)
    lacks = lacks_of(features, without)
    shares = _shares(file.kind, features, lacks)
    dust = dust_share(coarse_share)
    shares[EventKind.DUST] = dust * shares[EventKind.HAZE]
    shares[EventKind.HAZE] *= 1 - dust
    chance = ordinary_share(features, z_score, alone=without is not None)
    shares, unknown = without_chance(shares, chance if chance >= _LEAST_SHARE else 0.0, shared_part(features))
    if unknown < _LEAST_SHARE:
        shares = {item: share / (1 - unknown) for item, share in shares.items()}
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    kind, probability = ranked[0]
    first, other = _compared([item for item, _ in ranked], file.kind)
    last = () if unknown < _LEAST_SHARE else (KindShare(kind=EventKind.UNKNOWN, probability=unknown),)
    return KindAnswer(
        kind=kind if probability >= weight_file().least_probability else EventKind.UNKNOWN,
        shares=(*(KindShare(kind=item, probability=share) for item, share in ranked), *last),
        prior=_before(first, features, lacks) - _before(other, features, lacks),
        features=weigh_features(features, first.kind, other.kind, without=without),
    )


def lacks_of(features: Mapping[str, Feature], without: str | None = None) -> tuple[str, ...]:
    """What is not measured, and without neighbours the sort of the parameter: added to the prior of a kind.

    Parameters
    ----------
    features : mapping of str to Feature
    without : str or None
        As of `kind_of`.

    Examples
    --------
    >>> lacks_of({}), lacks_of({}, "regional_particles")
    (('no_minutes', 'no_companions'), ('no_minutes', 'no_companions', 'no_instruments', 'sort_particles'))
    """
    is_there = {"no_minutes": any(name in features for name in MINUTES), "no_companions": "companions" in features}
    if without is None:
        stations = [item.figures.get("stations") for name, item in features.items() if name.startswith("regional_")]
        is_there["one_neighbour"] = stations != [1]
        sort = "sort_gases"
    else:
        is_there["no_instruments"] = "agreement" in features
        sort = without.replace("regional_", "sort_")
    return (*(name for name, there in is_there.items() if not there), *([] if sort == "sort_gases" else [sort]))


def undecided() -> KindAnswer:
    """Answer where nothing can be weighed: all kinds are equally probable.

    Examples
    --------
    >>> found = undecided()
    >>> found.kind.value, {item.probability for item in found.shares}
    ('unknown', {0.2})
    """
    kinds = [item for item in EventKind if item is not EventKind.UNKNOWN]
    shares = tuple(KindShare(kind=item, probability=1 / len(kinds)) for item in kinds)
    return KindAnswer(kind=EventKind.UNKNOWN, shares=shares, prior=0.0, features=(), has_evidence=False)


def _shares(
    rows: Sequence[KindWeights], features: Mapping[str, Feature], lacks: Sequence[str]
) -> dict[EventKind, float]:
    scores = np.array([_prior(row, lacks) + _score(row, features) for row in rows])
    odds = np.exp(scores - scores.max())
    unsure = weight_file().unsure
    parts = (1 - unsure) * odds / odds.sum() + unsure / len(rows)
    return dict(zip((row.kind for row in rows), parts.tolist(), strict=True))


def dust_share(coarse_share: float | None) -> float:
    """Part of the probability of haze that is dust [1], by the coarse part of the rise of PM10.

    Examples
    --------
    >>> [round(dust_share(item), 2) for item in (None, 0.2, 0.6, 0.9)]
    [0.0, 0.0, 0.5, 0.99]
    """
    if coarse_share is None:
        return 0.0
    return float(1 / (1 + np.exp(-(coarse_share - COARSE_MIDDLE) / COARSE_WIDTH)))


def _prior(row: KindWeights, lacks: Sequence[str]) -> float:
    return row.prior + sum(row.weight.get(name, 0.0) for name in lacks)


def _score(row: KindWeights, features: Mapping[str, Feature]) -> float:
    return sum(row.weight.get(name, 0.0) * item.value for name, item in features.items())


def _before(row: KindWeights, features: Mapping[str, Feature], lacks: Sequence[str]) -> float:
    """Log-odds of a kind if all features were as in ordinary air [1]."""
    return _prior(row, lacks) + sum(row.weight.get(name, 0.0) * item.usual for name, item in features.items())


def weigh_features(
    features: Mapping[str, Feature], kind: EventKind, other: EventKind, *, without: str | None = None
) -> tuple[WeighedFeature, ...]:
    """What each feature adds to the log-odds of a kind against another one, the strongest first; dust has those of haze."""
    rows = weight_file().kind if without is None else weight_file(ALONE).kind
    first, second = _weights_of(kind, rows), _weights_of(other, rows)
    found = [
        WeighedFeature(
            name=name,
            weight=(first.weight.get(name, 0.0) - second.weight.get(name, 0.0)) * (item.value - item.usual),
            figures=item.figures,
        )
        for name, item in features.items()
    ]
    return tuple(sorted(found, key=lambda item: -abs(item.weight)))


def _compared(ranked: Sequence[EventKind], rows: Sequence[KindWeights]) -> tuple[KindWeights, KindWeights]:
    """Weights of the first kind and of the next one that has others."""
    found = [_weights_of(kind, rows) for kind in ranked]
    return found[0], next(row for row in found if row is not found[0])


def _weights_of(kind: EventKind, rows: Sequence[KindWeights]) -> KindWeights:
    name = EventKind.HAZE if kind is EventKind.DUST else kind
    return next(row for row in rows if row.kind is name)
