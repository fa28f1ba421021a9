"""Probabilities of the kinds of event, and what each feature adds to the most probable one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import EventKind, KindShare
from analysis.case.kind.feature import Feature
from analysis.case.kind.weights import weight_file
from schemas.reason import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.case.kind.weights import KindWeights

NEIGHBOURS_MAY = (0.0, 0.5, 1.0)
"""Rises of neighbours, as parts of the station's own, that are assumed where there are none [1]; project choice."""
COARSE_MIDDLE, COARSE_WIDTH = 0.6, 0.07
"""Coarse part of a regional rise of PM10 at which dust and haze are equally probable, and the step of the log-odds [1].

Project choice: no dust event was among those that the weights were fitted on."""


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
    """

    kind: EventKind
    shares: tuple[KindShare, ...]
    prior: float
    features: tuple[WeighedFeature, ...]


def kind_of(
    features: Mapping[str, Feature], coarse_share: float | None = None, *, without: str | None = None
) -> KindAnswer:
    """Probability of each kind of event, by the softmax of its summed weights.

    Parameters
    ----------
    features : mapping of str to Feature
        Those that are missing add nothing.
    coarse_share : float or None
        Coarse part of the rise of PM10 over the region [1]; None: not known, no dust.
    without : str or None
        Feature of the neighbours where there are none: the probabilities are a mean over neighbours that do not rise, rise by half
        and rise as much.

    Examples
    --------
    >>> found = kind_of({})
    >>> round(sum(item.probability for item in found.shares), 6)
    1.0
    """
    shares = _shares(features)
    if without is not None:
        assumed = [_shares(_with_neighbours(features, without, value)) for value in NEIGHBOURS_MAY]
        shares = {kind: sum(item[kind] for item in assumed) / len(assumed) for kind in shares}
    dust = dust_share(coarse_share)
    shares[EventKind.DUST] = dust * shares[EventKind.HAZE]
    shares[EventKind.HAZE] *= 1 - dust
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    kind, probability = ranked[0]
    first, other = _compared([item for item, _ in ranked])
    return KindAnswer(
        kind=kind if probability >= weight_file().least_probability else EventKind.UNKNOWN,
        shares=tuple(KindShare(kind=item, probability=share) for item, share in ranked),
        prior=_before(first, features) - _before(other, features),
        features=weigh_features(features, first.kind, other.kind),
    )


def _with_neighbours(features: Mapping[str, Feature], name: str, value: float) -> dict[str, Feature]:
    """Features if the neighbours had risen by a part of the rise: the other channels would have done so as well."""
    found = {**features, name: Feature(value=value, figures={})}
    if "companions" in found:
        item = found["companions"]
        found["companions"] = Feature(value=item.value * (1 - value), figures=item.figures)
    return found


def _shares(features: Mapping[str, Feature]) -> dict[EventKind, float]:
    rows = weight_file().kind
    scores = np.array([_score(row.prior, row.weight, features) for row in rows])
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


def _score(prior: float, weight: Mapping[str, float], features: Mapping[str, Feature]) -> float:
    return prior + sum(weight.get(name, 0.0) * item.value for name, item in features.items())


def _before(row: KindWeights, features: Mapping[str, Feature]) -> float:
    """Log-odds of a kind if all features were as in ordinary air [1]."""
    return row.prior + sum(row.weight.get(name, 0.0) * item.usual for name, item in features.items())


def weigh_features(features: Mapping[str, Feature], kind: EventKind, other: EventKind) -> tuple[WeighedFeature, ...]:
    """What each feature adds to the log-odds of a kind against another one, the strongest first; dust has those of haze."""
    first, second = _weights_of(kind), _weights_of(other)
    found = [
        WeighedFeature(
            name=name,
            weight=(first.weight.get(name, 0.0) - second.weight.get(name, 0.0)) * (item.value - item.usual),
            figures=item.figures,
        )
        for name, item in features.items()
    ]
    return tuple(sorted(found, key=lambda item: -abs(item.weight)))


def _compared(ranked: Sequence[EventKind]) -> tuple[KindWeights, KindWeights]:
    """Weights of the first kind and of the next one that has others."""
    found = [_weights_of(kind) for kind in ranked]
    return found[0], next(row for row in found if row is not found[0])


def _weights_of(kind: EventKind) -> KindWeights:
    name = EventKind.HAZE if kind is EventKind.DUST else kind
    return next(row for row in weight_file().kind if row.kind is name)
