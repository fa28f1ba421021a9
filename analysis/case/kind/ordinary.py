"""Whether a rise is within the ordinary differences between the station and its neighbours, or its own days: then no local cause is shown.

The kinds of event that the weights were fitted on are all real. A rise by chance is none of them: its part of the probability is
taken from the local kinds, and goes to the regional ones as far as the neighbours rise too, else to ``unknown``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_file import EventKind
from analysis.case.kind.weights import CHANCE, CHANCE_ALONE, weight_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.case.kind.feature_value import Feature

LOCAL = (EventKind.PLUME, EventKind.FAULT)
"""Kinds that raise one station above its neighbours."""
REGIONAL = (EventKind.HAZE, EventKind.OZONE, EventKind.DUST)
USED = (
    "one_side", "companions", "other_instruments", "same_factor", "some_neighbours", "length", "agreement", "breadth",
)  # fmt: skip
"""Features that tell chance from a local cause besides the deviation itself; those of minutes show a fault only."""
LOWEST_Z, HIGHEST_Z = -2.0, 10.0
"""Deviations beyond these do not count more [1]."""
ROUGH, UNREST, FLAT = 0.3, 0.2, 0.3
"""Values of features of minute data from which the readings themselves show a fault [1]: rougher than air and than before, or
repeated; project choice."""
MARKED = 0.5
"""The same of flags of quality control and of status letters [1]; likewise."""
SHARED = (0.3, 0.7)
"""Median rise of the neighbours, as a part of the rise here, from which chance goes to the regional kinds in part, and wholly [1];
likewise."""


def ordinary_share(features: Mapping[str, Feature], z_score: float, *, alone: bool = False) -> float:
    """Part of the probability of a plume or a fault that is chance [1], by a logistic regression on events and noise.

    Parameters
    ----------
    features : mapping of str to Feature
        Of the event. Readings that no air gives are no chance.
    z_score : float
        Mean deviation from the neighbours by its robust standard deviation over as many hours of the history [1], with fewer than
        two neighbours that from the station's own usual level; NaN: not known, nothing is said then.
    alone : bool
        Whether no neighbour measures the parameter.

    Examples
    --------
    >>> far, near = (ordinary_share({}, z_score) for z_score in (9.0, 1.0))
    >>> far < 0.5 < near, ordinary_share({}, float("nan"))
    (True, 0.0)
    """
    value = {name: item.value for name, item in features.items()}
    is_marked = max(value.get("flagged", 0.0), value.get("status", 0.0)) >= MARKED
    is_rough = value.get("rough", 0.0) >= ROUGH and value.get("unrest", 0.0) >= UNREST
    if not np.isfinite(z_score) or is_marked or is_rough or value.get("flat", 0.0) >= FLAT:
        return 0.0
    (row,) = weight_file(CHANCE_ALONE if alone else CHANCE).kind
    found = chance_row(features, z_score)
    log_odds = row.prior + sum(row.weight.get(name, 0.0) * item for name, item in found.items())
    return float((1 - weight_file().unsure) / (1 + np.exp(-np.clip(log_odds, -50.0, 50.0))))


def chance_row(features: Mapping[str, Feature], z_score: float) -> dict[str, float]:
    """What the weights of chance multiply, by name."""
    found = {name: features[name].value for name in USED if name in features}
    found["apart"] = float(np.clip(z_score, LOWEST_Z, HIGHEST_Z)) / HIGHEST_Z
    neighbours = next((item for name, item in features.items() if name.startswith("regional_")), None)
    if neighbours is not None:
        found |= {"regional": neighbours.value, "one_neighbour": float(neighbours.figures.get("stations") == 1)}
    return found if "companions" in features else found | {"no_companions": 1.0}


def shared_part(features: Mapping[str, Feature]) -> float:
    """Part of chance that the neighbours share [1]: 0 where they do not rise, or are not known.

    Examples
    --------
    >>> from analysis.case.kind.feature_value import Feature
    >>> [round(shared_part({"regional_gases": Feature(value=value, figures={})}), 2) for value in (0.2, 0.5, 1.0)]
    [0.0, 0.5, 1.0]
    """
    rise = max((item.value for name, item in features.items() if name.startswith("regional_")), default=0.0)
    return float(np.clip((rise - SHARED[0]) / (SHARED[1] - SHARED[0]), 0.0, 1.0))


def without_chance(
    shares: Mapping[EventKind, float], share: float, shared: float
) -> tuple[dict[EventKind, float], float]:
    """Probabilities with the part of chance taken from the local kinds, and what of it no kind has.

    Parameters
    ----------
    shares : mapping of EventKind to float
        Probabilities [1].
    share, shared : float
        As of `ordinary_share` and `shared_part` [1].

    Examples
    --------
    >>> before = {EventKind.PLUME: 0.6, EventKind.FAULT: 0.2, EventKind.HAZE: 0.1, EventKind.OZONE: 0.1}
    >>> after, unknown = without_chance(before, 0.5, 0.5)
    >>> [round(item, 6) for item in after.values()], round(unknown, 6)
    ([0.3, 0.1, 0.2, 0.2], 0.2)
    """
    taken = share * sum(shares.get(kind, 0.0) for kind in LOCAL)
    regional = sum(shares.get(kind, 0.0) for kind in REGIONAL)
    given = shared * taken / regional if regional > 0 else 0.0
    found = {
        kind: item * ((1 - share) if kind in LOCAL else (1 + given) if kind in REGIONAL else 1.0)
        for kind, item in shares.items()
    }
    return found, taken - given * regional


def without_doubtful(features: Mapping[str, Feature]) -> dict[str, Feature]:
    """Features for a station with a short history: roughness only where the readings are rougher than before the event too.

    Readings of a steady plateau differ by the noise of the instrument alone, which no longer history shows to be usual.

    Parameters
    ----------
    features : mapping of str to Feature
        Of the event.
    """
    is_rougher = "unrest" in features and features["unrest"].value >= UNREST
    return {name: item for name, item in features.items() if name != "rough" or is_rougher}
