"""What would change the kind of an event: the answer computed again without a piece of evidence, or with other neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analysis.case.case_file import EventKind
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.probability import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STRONGEST = 3
"""Pieces of evidence that are left out, each by itself."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Answer under another condition.

    Attributes
    ----------
    what : str
        ``without``: a piece of evidence is left out; ``all_rise``, ``none_rises``: the neighbours rise as much, or do not.
    feature : str
        Which evidence.
    kind : EventKind
        The answer then, with its ``probability`` [1].
    """

    what: str
    feature: str
    kind: EventKind
    probability: float


def changes_of(
    features: Mapping[str, Feature], coarse_share: float | None, strongest: tuple[str, ...], without: str | None = None
) -> list[Change]:
    """Answers without each of the strongest pieces of evidence, and with neighbours that all rise or do not.

    Parameters
    ----------
    features : mapping of str to Feature
    coarse_share : float or None
        As of `analysis.case.kind.probability.kind_of`.
    strongest : tuple of str
        Names of features, the strongest first.
    without : str or None
        As of `kind_of`.
    """
    found = [
        _answer("without", name, {key: item for key, item in features.items() if key != name}, coarse_share, without)
        for name in strongest[:STRONGEST]
    ]
    regional = next((name for name in features if name.startswith("regional_")), None)
    if regional is None:
        return found
    for what, value in (("all_rise", 1.0), ("none_rises", 0.0)):
        changed = {key: item for key, item in features.items() if key != "some_neighbours"}
        changed[regional] = Feature(value=value, figures={})
        found.append(_answer(what, regional, changed, coarse_share))
    return found


def _answer(
    what: str, name: str, features: Mapping[str, Feature], coarse_share: float | None, without: str | None = None
) -> Change:
    answer = kind_of(features, coarse_share, without=without)
    feature = "regional" if name.startswith("regional_") else name
    return Change(what=what, feature=feature, kind=answer.kind, probability=answer.shares[0].probability)
