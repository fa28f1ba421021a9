"""Readings of a case's instrument, for evidence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import unwrapped
from schemas.frames import STATUS
from schemas.parameter import parameter

if TYPE_CHECKING:
    from qc.verdict.case import Case


MOST = 0.5
"""Part of the hours or readings that is most of them [1]."""
STILL_SHARE = 0.3
"""Part of the hours from which evidence in few hours counts [1]; project default."""
SLOW_S = 1200
"""Slower instruments give fewer than three readings an hour [s]."""


FAST_S = 600
"""Slower instruments do not resolve a change within minutes [s]."""


def readings_of(case: Case) -> pd.Series | None:
    """Readings without a status letter, a direction on a line; None without any."""
    native = case.context.native
    if native is None or case.code not in native:
        return None
    values = native[case.code].astype(float)
    if case.code + STATUS in native:
        letters = native[case.code + STATUS]
        values = values[letters.isna() | letters.eq("N")]
    values = values.dropna()
    line = unwrapped(np.asarray(values, dtype=np.float64), parameter(case.code).period)
    return pd.Series(line, index=values.index) if len(values) else None


def percent(share: float) -> int:
    """Share in whole percent, at most 100."""
    return round(100 * min(share, 1.0))
