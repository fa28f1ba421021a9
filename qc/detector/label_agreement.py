"""Agreement of flags with labels, point by point, with a tolerance in time.

A flagged point is right if a labelled point lies within the tolerance of it (the bound counts); a labelled point is found if a
flagged one does. Precision is the share of flagged points that are right, recall the share of labelled points that are found,
F1 their harmonic mean. Every point counts once, so a long run weighs as much as its points.

References
----------
The tolerance follows the practice of scoring detected anomalies by window: doi:10.1016/j.envsoft.2022.105364.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.native.argument import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE_S = 3600
"""Largest distance of a flag from a label [s]; project default."""
MIN_LABELS = 20
"""Least labelled points of a series that counts in a mean [1]; project default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAgreement:
    """Agreement of one series; every ratio in [0, 1], 0 where there is nothing to divide by.

    Attributes
    ----------
    labels, flagged : int
        Labelled and flagged points.
    """

    labels: int
    flagged: int
    precision: float
    recall: float
    f1: float


def label_agreement(
    flagged: NDArray[np.bool_],
    labelled: NDArray[np.bool_],
    times: NDArray[np.datetime64],
    *,
    tolerance_s: int = TOLERANCE_S,
) -> LabelAgreement:
    """Score flags against labels.

    Parameters
    ----------
    flagged, labelled : array of bool, shape (n,)
    times : array of datetime64, shape (n,)
        Ascending.
    tolerance_s : int
        [s], >= 0; 0: the same point.

    Raises
    ------
    InvalidInputError
        If the lengths differ, the times descend, or the tolerance is below zero.
    """
    if not flagged.shape == labelled.shape == times.shape:
        msg = f"{flagged.size} flags and {labelled.size} labels but {times.size} times"
        raise InvalidInputError(msg)
    if tolerance_s < 0:
        msg = f"tolerance_s: {tolerance_s}, expected a number not below zero"
        raise InvalidInputError(msg)
    seconds = times.astype("datetime64[s]").astype(np.int64)
    if (np.diff(seconds) < 0).any():
        msg = "unsorted times"
        raise InvalidInputError(msg)
    right = _has_near(seconds[flagged], seconds[labelled], tolerance_s)
    found = _has_near(seconds[labelled], seconds[flagged], tolerance_s)
    precision, recall = _share(right), _share(found)
    total = precision + recall
    return LabelAgreement(
        labels=int(labelled.sum()),
        flagged=int(flagged.sum()),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / total if total else 0.0,
    )


def _has_near(points: NDArray[np.int64], others: NDArray[np.int64], tolerance_s: int) -> NDArray[np.bool_]:
    first = np.searchsorted(others, points - tolerance_s, side="left")
    last = np.searchsorted(others, points + tolerance_s, side="right")
    return np.asarray(last > first)


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else 0.0
