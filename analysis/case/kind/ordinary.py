"""Whether a rise is within the ordinary differences between the station and its neighbours: then no local cause is shown.

The kinds of event that the weights were fitted on are all real. A rise by chance is none of them, so its part of the probability
goes to ``unknown``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import EventKind, KindShare
from analysis.case.kind.weights import weight_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.case.kind.feature_value import Feature
    from analysis.case.kind.probability import KindAnswer

MIDDLE_Z, WIDTH_Z = 3.5, 0.35
"""Robust standard deviations at which a plume or fault and chance are equally probable, and the step of the log-odds [1].

Project choice, by simulated events: of noise the best stretch of three days reaches 2.6, plumes and faults mostly exceed 5."""
LOCAL = (EventKind.PLUME, EventKind.FAULT)
"""Kinds that raise one station above its neighbours."""
MOST = 0.9
"""Largest probability of chance [1]: about one in twenty simulated plumes and faults differs as little; project choice."""
ROUGH, UNREST, FLAT = 0.3, 0.2, 0.3
"""Values of features of minute data from which the readings themselves show a fault [1]: rougher than air and than before, or
repeated; likewise."""
MARKED = 0.5
"""The same of flags of quality control and of status letters [1]; likewise."""
_LEAST_SHARE = 0.005


def ordinary_share(z_score: float, features: Mapping[str, Feature]) -> float:
    """Part of the probability of a plume or a fault that is chance [1].

    Parameters
    ----------
    z_score : float
        Mean deviation from the neighbours by its robust standard deviation over as many hours of the history [1]; NaN where they
        are too few: nothing is said then.
    features : mapping of str to Feature
        Of the event: one place upwind that explains the excess, or readings that no air gives, are no chance.

    Examples
    --------
    >>> [round(ordinary_share(item, {}), 2) for item in (1.0, 3.5, 6.0, float("nan"))]
    [0.9, 0.45, 0.0, 0.0]
    """
    value = {name: item.value for name, item in features.items()}
    if max(value.get("flagged", 0.0), value.get("status", 0.0)) >= MARKED:
        return 0.0
    is_rough = value.get("rough", 0.0) >= ROUGH and value.get("unrest", 0.0) >= UNREST
    if not np.isfinite(z_score) or is_rough or value.get("flat", 0.0) >= FLAT or "one_side" in features:
        return 0.0
    return float(MOST / (1 + np.exp(np.clip((z_score - MIDDLE_Z) / WIDTH_Z, -50.0, 50.0))))


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


def without_ordinary(found: KindAnswer, share: float) -> KindAnswer:
    """Answer with the part of chance taken from the local kinds; ``unknown`` with that part is the last of its shares.

    Parameters
    ----------
    found : KindAnswer
    share : float
        As of `ordinary_share` [1].
    """
    taken = share * sum(item.probability for item in found.shares if item.kind in LOCAL)
    if taken < _LEAST_SHARE:
        return found
    kept = [
        KindShare(kind=item.kind, probability=item.probability * (1 - share if item.kind in LOCAL else 1.0))
        for item in found.shares
    ]
    is_enough = kept[0].probability >= weight_file().least_probability
    return msgspec.structs.replace(
        found,
        kind=kept[0].kind if is_enough else EventKind.UNKNOWN,
        shares=(*kept, KindShare(kind=EventKind.UNKNOWN, probability=taken)),
    )
