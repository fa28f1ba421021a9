"""Scores of forecasts: errors, and hits and misses of a threshold.

References
----------
POD = a / (a + c), FAR = b / (a + b), CSI = a / (a + b + c) with a hits, b false alarms, c misses (the customary
contingency table of forecast verification).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINIMUM_EVENTS = 20
"""Fewest observed events for the choice of a cut."""
MAXIMUM_FAR = 0.5
"""A cut should warn wrongly at most every second time, unless that costs more than `MAXIMUM_LOSS` of the CSI."""
MAXIMUM_LOSS = 0.2


class Skill(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one predictor at one horizon; None where it cannot be computed.

    Attributes
    ----------
    predictor, horizon : str
    threshold : float or None
        Observed values at or above it are events; None: errors only.
    cut : float or None
        Predictions at or above it warn; in a back-test the mean over its blocks.
    n, events : int
        Pairs, and observed events among them.
    mae, rmse : float or None
        In the unit of the target.
    pod, far, csi : float or None
    """

    predictor: str
    horizon: str
    threshold: float | None
    cut: float | None
    n: int
    events: int
    mae: float | None
    rmse: float | None
    pod: float | None
    far: float | None
    csi: float | None


class Table(msgspec.Struct, frozen=True):
    """Hits, false alarms and misses."""

    hits: int
    false_alarms: int
    misses: int

    @property
    def pod(self) -> float | None:
        """Probability of detection; None without events."""
        return _ratio(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio; None without warnings."""
        return _ratio(self.false_alarms, self.hits + self.false_alarms)

    @property
    def csi(self) -> float | None:
        """Critical success index; None with neither events nor warnings."""
        return _ratio(self.hits, self.hits + self.false_alarms + self.misses)


def contingency(observed: NDArray[np.float64], predicted: NDArray[np.float64], threshold: float, cut: float) -> Table:
    """Count hits, false alarms and misses over pairs without NaN.

    Parameters
    ----------
    observed, predicted : array of float, (n,)
        In the unit of the target; NaN missing.
    threshold, cut : float
        Observed values and predictions at or above them are events and warnings.

    Examples
    --------
    >>> import numpy as np
    >>> table = contingency(np.array([80.0, 70.0, 90.0]), np.array([85.0, 80.0, 60.0]), 75.0, 75.0)
    >>> table.hits, table.false_alarms, table.misses, table.pod
    (1, 1, 1, 0.5)
    """
    known = np.isfinite(observed) & np.isfinite(predicted)
    event, warned = observed[known] >= threshold, predicted[known] >= cut
    return Table(int((event & warned).sum()), int((~event & warned).sum()), int((event & ~warned).sum()))


def score(
    observed: NDArray[np.float64],
    predicted: NDArray[np.float64],
    *,
    predictor: str,
    horizon: str,
    threshold: float | None = None,
) -> Skill:
    """Scores over the pairs without NaN; arguments as `contingency`, attributes as `Skill`.

    Examples
    --------
    >>> import numpy as np
    >>> skill = score(np.array([10.0, 20.0]), np.array([12.0, 16.0]), predictor="model", horizon="1")
    >>> skill.n, skill.mae
    (2, 3.0)
    """
    known = np.isfinite(observed) & np.isfinite(predicted)
    error = predicted[known] - observed[known]
    n = int(known.sum())
    table = Table(0, 0, 0) if threshold is None else contingency(observed, predicted, threshold, threshold)
    return Skill(
        predictor=predictor,
        horizon=horizon,
        threshold=threshold,
        cut=threshold,
        n=n,
        events=table.hits + table.misses,
        mae=float(np.abs(error).mean()) if n else None,
        rmse=float(np.sqrt((error**2).mean())) if n else None,
        pod=table.pod,
        far=table.far,
        csi=table.csi,
    )


def best_cut(observed: NDArray[np.float64], predicted: NDArray[np.float64], threshold: float) -> float:
    """Cut with the largest CSI, with FAR at most 0.5 where that costs no more than a fifth of the CSI.

    With fewer than `MINIMUM_EVENTS` events, none can be chosen so: then the threshold is lowered by what the predictions lack
    in spread, the ratio of their 95 % quantile to that of the observed values (0.5 to 1). Arguments as `contingency`.

    Examples
    --------
    >>> import numpy as np
    >>> observed = np.linspace(10.0, 200.0, 100)
    >>> round(best_cut(observed, 0.8 * observed, 100.0), 1)
    80.0
    """
    known = np.isfinite(observed) & np.isfinite(predicted)
    observed, predicted = observed[known], predicted[known]
    if int((observed >= threshold).sum()) < MINIMUM_EVENTS:
        return threshold * _spread_ratio(observed, predicted)
    cuts = threshold * np.arange(0.40, 1.205, 0.02)
    tables = [contingency(observed, predicted, threshold, float(cut)) for cut in cuts]
    skills = np.array([table.csi or 0.0 for table in tables])
    calm = np.array([table.far is not None and table.far <= MAXIMUM_FAR for table in tables])
    best_calm = float(skills[calm].max(initial=0.0))
    kept = skills * calm if best_calm >= (1 - MAXIMUM_LOSS) * skills.max() else skills
    return float(cuts[int(kept.argmax())])


def _spread_ratio(observed: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    if len(observed) < MINIMUM_EVENTS or np.quantile(observed, 0.95) <= 0:
        return 1.0
    return float(np.clip(np.quantile(predicted, 0.95) / np.quantile(observed, 0.95), 0.5, 1.0))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
