"""Evidence of how the readings change. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.verdict.channel import OWN
from qc.verdict.context import Indication
from qc.verdict.deviation import BEFORE_H
from qc.verdict.kin import family
from qc.verdict.reading import FAST_S, SLOW_S, readings_of
from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.verdict.case import Case


_CALM, _RESTLESS = 0.55, 1.3
"""Change between readings relative to that before the case: at most this of a shifted signal, at least this of a source [1]."""


_NOISY_DIGITS = 40
"""Last digits below which a reading is mostly noise [1]."""


_WIDTH, _HIGH = 5, 2.0
"""Readings whose median is a level [1]; part of the deviation above which a single reading counts as high [1]."""


_FITFUL = frozenset(
    {"o3", "rain", "gamma_dose_rate", "wind_direction", "co2_flux", "sensible_heat_flux", "latent_heat_flux"}
)
"""Parameters without a source at the ground that can change from one reading to the next."""


def spike(case: Case) -> Indication:
    """A deviation that depends on single readings."""
    from_usual, values = case.from_usual, readings_of(case)
    if not case.is_level_unusual or case.chosen is None or from_usual is None:
        return Indication("spike")
    if case.context.cadence_s > SLOW_S or values is None:
        count = _lone(case)
    else:
        hours = case.series.residuals.index[case.chosen.rows]
        away = (values[pd.DatetimeIndex(values.index).floor("h").isin(hours)] - from_usual.usual) / from_usual.mean
        high = int((away > _HIGH).sum())
        is_few = len(away) >= 5 and 0 < high <= max(3, len(away) // 15) and float(away.median()) < 0.2  # noqa: PLR2004
        count = high if is_few else 0
    return Indication("spike", is_event=False, figures={"count": str(count)}) if count else Indication("spike")


def _lone(case: Case) -> int:
    """Slow instruments, or no readings: one or two values that a spike test flagged, unless three hours deviate."""
    flags, chosen, from_usual = case.context.flags, case.chosen, case.from_usual
    if flags is None or flags.empty or chosen is None or from_usual is None:
        return 0
    inside = pd.DatetimeIndex(flags["start"]).floor("h").isin(case.hours)
    count = int((flags["test"].isin(["spike", "hourly_spike"]).to_numpy() & inside).sum())
    at = case.series.residuals.column(OWN)
    origin = case.series.residuals.recent[at] if chosen.is_sudden else 0.0
    away = (case.series.residuals.residual[BEFORE_H:, at] - origin) * case.sign
    return count if count <= 2 and int((away > 0.4 * abs(from_usual.mean)).sum()) < 3 else 0  # noqa: PLR2004


def onset(case: Case) -> Indication:
    """How the level changed: within one reading and as steady as before, or over minutes with the variation of ambient air."""
    from_usual, values = case.from_usual, readings_of(case)
    if not case.is_level_unusual or from_usual is None or values is None:
        return Indication("onset")
    if family(case.code) is None:
        return Indication("onset") if case.code in _FITFUL else _leap(case, values)
    start = pd.Timestamp(case.context.interval.start)
    around = values[values.index >= start - pd.Timedelta(hours=2)]
    is_enough = len(around) >= 4 * _WIDTH and bool((around.index < start).any())
    if case.context.cadence_s > FAST_S or not is_enough:
        return Indication("onset")
    return Indication("onset", _is_gradual(around.to_numpy(dtype=np.float64) * case.sign, abs(from_usual.mean)))


def _is_gradual(numbers: NDArray[np.float64], deviation: float) -> bool | None:
    """Whether a rise took several readings; False: one, and the readings after it vary as little as before; None: neither."""
    change = _change_over(numbers, _WIDTH)
    at = int(np.argmax(change))
    rise = float(change[at])
    if rise < 0.5 * deviation:
        return True
    jump = float(np.max(np.diff(numbers[at : at + 2 * _WIDTH])))
    turn = at + _WIDTH
    before, after = _unrest(numbers[max(0, turn - 30) : turn - 1]), _unrest(numbers[turn + 1 : turn + 31])
    if jump > 0.8 * rise and after < 1.5 * max(before, 1e-9):
        return False
    return True if jump < 0.6 * rise else None


def _leap(case: Case, values: pd.Series) -> Indication:
    """Parameters that change slowly by nature: one change between readings far beyond any of the days before."""
    start = pd.Timestamp(case.context.interval.start)
    steps = values.diff().dropna()
    before, inside = steps[steps.index < start].abs(), steps[steps.index >= start - pd.Timedelta(hours=2)]
    if len(before) < 24 or inside.empty or case.from_usual is None:  # noqa: PLR2004
        return Indication("onset")
    most = float((inside * case.sign).max())
    is_leap = most > 3 * float(before.quantile(0.995)) and most > 0.6 * abs(case.from_usual.mean)
    return Indication("onset", False if is_leap else None)


def _change_over(numbers: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Median of ``width`` readings less that of the ``width`` before them."""
    medians = np.median(np.lib.stride_tricks.sliding_window_view(numbers, width), axis=1)
    found: NDArray[np.float64] = medians[width:] - medians[:-width]
    return found


def _unrest(numbers: NDArray[np.float64], least: float = 0.0) -> float:
    """Typical change from reading to reading by the level, of readings above ``least``; 0 where fewer than ten are [1]."""
    level = np.minimum(numbers[1:], numbers[:-1])
    steps = np.abs(np.diff(numbers))[level > least]
    return float(np.median(steps / level[level > least])) if len(steps) >= 10 else 0.0  # noqa: PLR2004


def unrest(case: Case) -> Indication:
    """Whether the readings of a deviation vary as air near a source does, or less than before."""
    values = readings_of(case)
    if family(case.code) is None or not case.is_level_unusual or case.chosen is None:
        return Indication("unrest")
    if values is None or case.context.cadence_s > FAST_S:
        return Indication("unrest")
    hours = pd.DatetimeIndex(values.index).floor("h")
    inside = values[hours.isin(case.series.index[case.chosen.rows])].to_numpy(dtype=np.float64)
    before = values[values.index < pd.Timestamp(case.hours[0])].to_numpy(dtype=np.float64)[-1440:]
    least = _NOISY_DIGITS * 10.0 ** -parameter(case.code).decimals
    usual = _unrest(before, least)
    if len(inside) < 10 or usual <= 0:  # noqa: PLR2004
        return Indication("unrest")
    ratio = _unrest(inside, least) / usual
    return Indication("unrest", False if 0 < ratio < _CALM else True if ratio > _RESTLESS else None)
