"""What would change the kind of an event: the answer computed again without a piece of evidence, or with other neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analysis.case.case_file import EventKind
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.probability import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.case.kind.probability import KindAnswer

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
    features: Mapping[str, Feature],
    coarse_share: float | None,
    strongest: tuple[str, ...],
    *,
    without: str | None = None,
    z_score: float = float("nan"),
) -> list[Change]:
    """Answers without each of the strongest pieces of evidence, and with neighbours that all rise or do not.

    Parameters
    ----------
    features : mapping of str to Feature
    coarse_share : float or None
        As of `analysis.case.kind.probability.kind_of`.
    strongest : tuple of str
        Names of features, the strongest first.
    without, z_score
        As of `kind_of`.
    """

    def answer(what: str, name: str, changed: Mapping[str, Feature]) -> Change:
        return _change(what, name, kind_of(changed, coarse_share, without=without, z_score=z_score))

    found = [
        answer("without", name, {key: item for key, item in features.items() if key != name})
        for name in strongest[:STRONGEST]
    ]
    regional = next((name for name in features if name.startswith("regional_")), None)
    if regional is None:
        return found
    for what, value in (("all_rise", 1.0), ("none_rises", 0.0)):
        changed = {key: item for key, item in features.items() if key != "some_neighbours"}
        changed |= dict.fromkeys((regional, "shared_rise"), Feature(value=value, figures={}))
        found.append(answer(what, regional, changed))
    return found


def _change(what: str, name: str, found: KindAnswer) -> Change:
    """The answer with its probability, which of ``unknown`` is that of chance where that is the largest."""
    feature = "regional" if name.startswith("regional_") else name
    shares = found.shares if found.kind is EventKind.UNKNOWN else found.shares[:1]
    return Change(what=what, feature=feature, kind=found.kind, probability=max(item.probability for item in shares))
