"""Effect of a correction on hourly means, before the decision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.calibration.correction import corrected
from schemas.calibration import Correction
from schemas.frames import STATUS

if TYPE_CHECKING:
    from numpy.typing import NDArray


class CorrectionProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A correction and its effect on hourly means (values with a status letter left out).

    Attributes
    ----------
    number : int or None
        None: not recorded.
    hours : int
        Hours with values in the correction's time.
    mean_before, mean_after, largest_change : float or None
        Canonical unit; None without values.
    """

    number: int | None
    correction: Correction
    hours: int
    mean_before: float | None
    mean_after: float | None
    largest_change: float | None


def propose_correction(decision: Correction, native: pd.DataFrame) -> CorrectionProposal:
    """Effect of a correction on the hourly means of its time.

    Parameters
    ----------
    decision : Correction
    native : DataFrame
        `schemas.frames` native of the instrument in the correction's time.
    """
    values = native[decision.parameter].astype(float)
    if decision.parameter + STATUS in native:
        letters = native[decision.parameter + STATUS]
        values = values[letters.isna() | (letters == "N")]
    times = pd.DatetimeIndex(values.index).tz_localize(None).to_numpy()
    after = pd.Series(corrected(np.asarray(values, dtype=np.float64), times, [decision]), index=values.index)
    means = pd.DataFrame({"before": values, "after": after}).resample("h").mean().dropna()
    before, made = (means[name].to_numpy(dtype=np.float64) for name in ("before", "after"))
    return CorrectionProposal(
        number=None,
        correction=decision,
        hours=len(means),
        mean_before=_mean(before),
        mean_after=_mean(made),
        largest_change=float((made - before)[np.abs(made - before).argmax()]) if made.size else None,
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
