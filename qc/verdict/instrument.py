"""WeighedEvidence of the instrument itself: what it reports, what the tests found, how its readings and their times behave. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import unwrapped
from qc.verdict.case import OWN, CaseSeries, Indication
from qc.verdict.deviation import BEFORE_H
from qc.verdict.kin import family
from schemas.flag import Flag
from schemas.frames import STATUS
from schemas.parameter import parameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOUBT = {Flag.SUSPECT, Flag.FAIL}
RELATIONS = (
    "pm_inversion",
    "pm_inversion_rate",
    "ion_balance",
    "ammonium_balance",
    "mass_closure",
    "potassium_ratio",
    "sulfur_ratio",
    "bc_ec_ratio",
    "nox_sum",
    "ozone_with_no",
    "ox_balance",
    "co2_ch4_covariation",
    "voc_sum",
    "radiation_balance",
    "short_wave_ratio",
    "energy_balance",
)
"""Tests that compare the parameter with others of its station."""
OF_ITSELF = (
    "gross_range",
    "climatology",
    "attenuated_signal",
    "rollover",
    "step",
    "regime",
    "rate_of_change",
    "spike_burst",
)
"""Tests of the readings by themselves that real pollution seldom fails."""
OF_CHANGE = frozenset({"step", "regime", "rate_of_change", "spike_burst"})
"""Those of how the level changed."""
_FAST_ONLY = frozenset({"rate_of_change", "spike_burst"})
"""Those that a source fails too where an hour is one reading."""
DRIFTS = "drift"
"""The daily test of drift; it flags the days before too."""
_MOST = 0.5
_CALM, _RESTLESS = 0.55, 1.3
"""Relative change from reading to reading, by what it was before, of a shifted signal at most and of a source at least [1]."""
_STILL_SHARE = 0.3
_ALWAYS_STILL, _OFTENER = 0.8, 3.0
"""Part of the hours before that is nearly always, and how many times as often as then hours must stand still [1]."""
_LIVELY = 12
"""Digits that a slow instrument's readings change by as a rule, so that three within two digits of each other are no chance [1]."""
_RUN = 3
"""Readings of a slow instrument that stand still together [1]."""
_NOISY_DIGITS = 40
"""Last digits below which a reading is mostly noise [1]."""
_FEW_S = 1200
"""Slower instruments give fewer than three readings an hour [s]."""
_WIDTH, _HIGH = 5, 2.0
"""Readings whose median is a level [1]; part of the departure from which a single reading stands out of it [1]."""
_FITFUL = frozenset(
    {"o3", "rain", "gamma_dose_rate", "wind_direction", "co2_flux", "sensible_heat_flux", "latent_heat_flux"}
)
"""Parameters without a source at the ground that may change from one reading to the next."""
_FAST_S = 600
"""Of slower ones nobody can say within how many minutes the level changed [s]."""


def status(case: CaseSeries) -> Indication:
    """What the instrument reported of itself."""
    shares = case.share_flagged(("status",), DOUBT)
    if shares is None or shares[0] < _MOST:
        return Indication("status")
    return Indication("status", is_event=False, figures={"share": percent(shares[0])})


def calibration(case: CaseSeries) -> Indication:
    """Checks that failed for the time, and runs of standard or blank gas that nobody marked."""
    shares = case.share_flagged(("calibration", "target_gas", "voc_pattern"), DOUBT)
    return Indication("calibration", False if shares is not None and shares[0] > 0 else None)


def relation(case: CaseSeries) -> Indication:
    """Relations to other parameters that hold as a rule and not in the case; one that never holds says nothing."""
    shares = case.share_flagged(RELATIONS, DOUBT)
    if shares is None or shares[0] < _STILL_SHARE or shares[1] > shares[0] / 2:
        return Indication("relation")
    return Indication("relation", is_event=False, figures={"share": percent(shares[0])})


def failed_tests(case: CaseSeries, *, seen: frozenset[str] = frozenset()) -> Indication:
    """Tests of how readings change and of what is plausible, where they did not flag the day before just as much; and of drift.

    Parameters
    ----------
    context : CaseSeries
    seen : frozenset of str
        Tests of what the readings at hand show better.
    """
    asked = [
        name for name in OF_ITSELF if name not in seen and (case.context.cadence_s <= _FEW_S or name not in _FAST_ONLY)
    ]
    shares, lasting = case.share_flagged(asked, DOUBT), case.share_flagged((DRIFTS,), DOUBT)
    is_new = shares is not None and shares[0] > 0 and shares[1] <= shares[0] / 4
    if not is_new and not (lasting and lasting[0]):
        return Indication("tests")
    names = case.tests_flagged((*asked, DRIFTS))
    return Indication("tests", is_event=False, figures={"what": ",".join(names)})


def flat(case: CaseSeries) -> Indication:
    """Values that stand still, unless they do so by nature: at zero, or at the same time of day on the days before."""
    flagged = case.share_flagged(("flat_line", "hourly_flat"), {Flag.SUSPECT})
    share = max(flagged[0] if flagged else 0.0, _still(case) or 0.0)
    if share < _STILL_SHARE or _stands_by_nature(case):
        return Indication("flat")
    return Indication("flat", is_event=False, figures={"share": percent(share)})


def _still(case: CaseSeries) -> float | None:
    """Part of the case's hours in which the readings stand within two digits (of slow instruments, the hours); None: too few."""
    values = _readings(case)
    if values is None:
        return None
    start = pd.Timestamp(case.context.interval.start)
    inside, before = values[values.index >= start], values[values.index < start]
    if case.context.cadence_s > _FEW_S:
        return _slow_still(case, inside, before)
    states, past = (_states(case, part, before) for part in (inside, before))
    if states.empty:
        return None
    share, usual = float(states.mean()), float(past.mean()) if len(past) else 0.0
    # near the last digit readings are the same now and then; an instrument that has always stood still tells nothing of that
    return 0.0 if usual < _ALWAYS_STILL and share < _OFTENER * usual else share


def _slow_still(case: CaseSeries, inside: pd.Series, before: pd.Series) -> float | None:
    """Part of the readings that stand within two digits for three and more in a row, where they do so seldom as a rule."""
    if len(inside) < _RUN:
        return None
    digit = 10.0 ** -parameter(case.code).decimals
    usual = float(before.diff().abs().median()) if len(before) > _RUN else 0.0
    reach = 2.01 * digit if usual > _LIVELY * digit else 0.0
    share = _in_runs(inside.to_numpy(dtype=np.float64), reach)
    return share if share > 2 * _in_runs(before.to_numpy(dtype=np.float64), reach) else 0.0


def _in_runs(numbers: NDArray[np.float64], reach: float) -> float:
    """Part of the numbers that lie in runs of `_RUN` within a reach."""
    if len(numbers) < _RUN:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(numbers, _RUN)
    starts = np.flatnonzero(np.ptp(windows, axis=1) <= reach)
    covered = np.zeros(len(numbers), dtype=bool)
    for offset in range(_RUN):
        covered[starts + offset] = True
    return float(covered.mean())


def _states(case: CaseSeries, values: pd.Series, before: pd.Series) -> pd.Series:
    """Whether the readings of each hour stand still; only hours with three readings and more.

    All the same, or within two digits where they vary by many as a rule.
    """
    digit = 10.0 ** -parameter(case.code).decimals
    groups = values.groupby(pd.DatetimeIndex(values.index).floor("h"))
    reach = (groups.max() - groups.min())[groups.count() >= 3]  # noqa: PLR2004
    past = before.groupby(pd.DatetimeIndex(before.index).floor("h"))
    usual = float((past.max() - past.min()).median()) if len(before) else 0.0
    return (reach == 0) | ((reach <= 2.01 * digit) & (usual > 8 * digit))


def _stands_by_nature(case: CaseSeries) -> bool:
    """Zero, as of a dry gauge or of radiation by night; or flat at the same time of day before, and not all the day."""
    inside = case.own_values[BEFORE_H:]
    inside = inside[np.isfinite(inside)]
    if len(inside) and float(np.abs(inside).max()) == 0:
        return bool((case.own_values[:BEFORE_H] == 0).mean() > 0.05)  # noqa: PLR2004
    values = _readings(case)
    before = None if values is None else values[values.index < pd.Timestamp(case.hours[0])]
    if before is None or before.empty or case.context.cadence_s > _FEW_S:
        return False
    states = _states(case, before, before)
    hour = pd.DatetimeIndex(states.index).hour
    same = states[hour.isin(case.hours.hour)]
    others = states[~hour.isin(case.hours.hour)]
    return bool(len(same) and same.mean() > _MOST and (others.empty or others.mean() < same.mean()))


def _readings(case: CaseSeries) -> pd.Series | None:
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


def spike(case: CaseSeries) -> Indication:
    """A departure that hangs on single readings."""
    from_usual, values = case.from_usual, _readings(case)
    if not case.is_level_unusual or case.chosen is None or from_usual is None:
        return Indication("spike")
    if case.context.cadence_s > _FEW_S or values is None:
        count = _lone(case)
    else:
        hours = case.residuals.index[case.chosen.rows]
        away = (values[pd.DatetimeIndex(values.index).floor("h").isin(hours)] - from_usual.usual) / from_usual.mean
        high = int((away > _HIGH).sum())
        is_few = len(away) >= 5 and 0 < high <= max(3, len(away) // 15) and float(away.median()) < 0.2  # noqa: PLR2004
        count = high if is_few else 0
    return Indication("spike", is_event=False, figures={"count": str(count)}) if count else Indication("spike")


def _lone(case: CaseSeries) -> int:
    """Of a slow instrument, or without readings: one or two values that a test of spikes flagged, unless three hours depart."""
    flags, chosen, from_usual = case.context.flags, case.chosen, case.from_usual
    if flags is None or flags.empty or chosen is None or from_usual is None:
        return 0
    inside = pd.DatetimeIndex(flags["start"]).floor("h").isin(case.hours)
    count = int((flags["test"].isin(["spike", "hourly_spike"]).to_numpy() & inside).sum())
    at = case.residuals.column(OWN)
    origin = case.residuals.recent[at] if chosen.is_sudden else 0.0
    away = (case.residuals.residual[BEFORE_H:, at] - origin) * case.sign
    return count if count <= 2 and int((away > 0.4 * abs(from_usual.mean)).sum()) < 3 else 0  # noqa: PLR2004


def onset(case: CaseSeries) -> Indication:
    """How the level changed: within one reading and as calm as before, or over minutes and restless as air is."""
    from_usual, values = case.from_usual, _readings(case)
    if not case.is_level_unusual or from_usual is None or values is None:
        return Indication("onset")
    if family(case.code) is None:
        return Indication("onset") if case.code in _FITFUL else _leap(case, values)
    start = pd.Timestamp(case.context.interval.start)
    around = values[values.index >= start - pd.Timedelta(hours=2)]
    is_enough = len(around) >= 4 * _WIDTH and bool((around.index < start).any())
    if case.context.cadence_s > _FAST_S or not is_enough:
        return Indication("onset")
    return Indication("onset", _is_gradual(around.to_numpy(dtype=np.float64) * case.sign, abs(from_usual.mean)))


def _is_gradual(numbers: NDArray[np.float64], deviation: float) -> bool | None:
    """Whether a rise took several readings; False: one, and the readings after it are as calm as those before; None: neither."""
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


def _leap(case: CaseSeries, values: pd.Series) -> Indication:
    """Of what changes slowly by nature: one change from reading to reading far beyond any of the days before."""
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


def unrest(case: CaseSeries) -> Indication:
    """Whether the readings of a departure are as restless as the air of a source, or calmer than the air was before."""
    values = _readings(case)
    if family(case.code) is None or not case.is_level_unusual or case.chosen is None:
        return Indication("unrest")
    if values is None or case.context.cadence_s > _FAST_S:
        return Indication("unrest")
    hours = pd.DatetimeIndex(values.index).floor("h")
    inside = values[hours.isin(case.index[case.chosen.rows])].to_numpy(dtype=np.float64)
    before = values[values.index < pd.Timestamp(case.hours[0])].to_numpy(dtype=np.float64)[-1440:]
    least = _NOISY_DIGITS * 10.0 ** -parameter(case.code).decimals
    usual = _unrest(before, least)
    if len(inside) < 10 or usual <= 0:  # noqa: PLR2004
        return Indication("unrest")
    ratio = _unrest(inside, least) / usual
    return Indication("unrest", False if 0 < ratio < _CALM else True if ratio > _RESTLESS else None)


def clock(case: CaseSeries) -> Indication:
    """Stamps that leave the phase they had before. A steady phase, whichever it is, says nothing."""
    native = case.context.native
    shares = case.share_flagged(("clock",), DOUBT)
    if shares is not None and shares[0] >= 0.02 and shares[1] < shares[0] / 4:  # noqa: PLR2004
        return Indication("clock", is_event=False, figures={"share": percent(shares[0])})
    if native is None or len(native) < 3:  # noqa: PLR2004
        return Indication("clock")
    seconds = pd.DatetimeIndex(native.index).as_unit("s").asi8.astype(np.float64)
    is_before = seconds < case.context.interval.start.timestamp()
    grid = seconds[is_before] if is_before.sum() >= 6 else seconds  # noqa: PLR2004
    period = _period(grid)
    if period is None or is_before.all():
        return Indication("clock")
    tolerance = max(2.0, 0.02 * period)
    phase, regular = _phase(grid, period, tolerance)
    if regular < 0.8:  # noqa: PLR2004 - it never had a steady phase
        return Indication("clock")
    inside = seconds[~is_before]
    share = float((_phase_distance(inside % period, phase, period) > tolerance).mean())
    if share < 0.02:  # noqa: PLR2004
        return Indication("clock")
    return Indication("clock", is_event=False, figures={"share": percent(share)})


def _period(seconds: NDArray[np.float64]) -> float | None:
    """Usual step between readings [s]; None where there is none."""
    steps = np.diff(seconds)
    if len(steps) < 2:  # noqa: PLR2004
        return None
    usual = float(np.median(steps))
    return usual if usual > 0 and float((np.abs(steps - usual) <= max(2.0, 0.02 * usual)).mean()) >= _MOST else None


def _phase(seconds: NDArray[np.float64], period: float, tolerance: float) -> tuple[float, float]:
    """The most usual offset from whole steps [s], and the part of the readings that have it [1]."""
    phases = seconds % period
    values, counts = np.unique(phases, return_counts=True)
    usual = float(values[np.argmax(counts)])
    return usual, float((_phase_distance(phases, usual, period) <= tolerance).mean())


def _phase_distance(phases: NDArray[np.float64], usual: float, period: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.abs((phases - usual + period / 2) % period - period / 2)
    return found


def percent(share: float) -> int:
    """Share in whole percent, at most 100."""
    return round(100 * min(share, 1.0))
