"""Evidence of the instrument: its status, its checks, the tests that flagged it and its time stamps. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.verdict.context import Indication
from qc.verdict.reading import MOST, SLOW_S, STILL_SHARE, percent
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.verdict.case import Case

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
"""Tests of the readings by themselves that real pollution rarely fails."""
OF_CHANGE = frozenset({"step", "regime", "rate_of_change", "spike_burst"})
"""Tests of changes of the level."""
_FAST_ONLY = frozenset({"rate_of_change", "spike_burst"})
"""Tests that a source fails too where an hour has one reading."""
DRIFTS = "drift"
"""The daily test of drift; it flags the days before too."""


def status(case: Case) -> Indication:
    """Status letters of the instrument."""
    shares = case.share_flagged(("status",), DOUBT)
    if shares is None or shares[0] < MOST:
        return Indication("status")
    return Indication("status", is_event=False, figures={"share": percent(shares[0])})


def calibration(case: Case) -> Indication:
    """Checks that failed for the time, and unmarked runs of standard or blank gas."""
    shares = case.share_flagged(("calibration", "target_gas", "voc_pattern"), DOUBT)
    return Indication("calibration", False if shares is not None and shares[0] > 0 else None)


def relation(case: Case) -> Indication:
    """Relations to other parameters that hold before the case and not in it; one that never holds indicates nothing."""
    shares = case.share_flagged(RELATIONS, DOUBT)
    if shares is None or shares[0] < STILL_SHARE or shares[1] > shares[0] / 2:
        return Indication("relation")
    return Indication("relation", is_event=False, figures={"share": percent(shares[0])})


def failed_tests(case: Case, *, seen: frozenset[str] = frozenset()) -> Indication:
    """Tests of change and plausibility that flagged more than on the day before; and the test of drift.

    Parameters
    ----------
    context : Case
    seen : frozenset of str
        Tests that other evidence from the readings replaces.
    """
    asked = [
        name for name in OF_ITSELF if name not in seen and (case.context.cadence_s <= SLOW_S or name not in _FAST_ONLY)
    ]
    shares, lasting = case.share_flagged(asked, DOUBT), case.share_flagged((DRIFTS,), DOUBT)
    is_new = shares is not None and shares[0] > 0 and shares[1] <= shares[0] / 4
    if not is_new and not (lasting and lasting[0]):
        return Indication("tests")
    names = case.tests_flagged((*asked, DRIFTS))
    return Indication("tests", is_event=False, figures={"what": ",".join(names)})


def clock(case: Case) -> Indication:
    """Time stamps that leave their earlier phase; a constant phase indicates nothing."""
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
    return usual if usual > 0 and float((np.abs(steps - usual) <= max(2.0, 0.02 * usual)).mean()) >= MOST else None


def _phase(seconds: NDArray[np.float64], period: float, tolerance: float) -> tuple[float, float]:
    """The most usual offset from whole steps [s], and the part of the readings that have it [1]."""
    phases = seconds % period
    values, counts = np.unique(phases, return_counts=True)
    usual = float(values[np.argmax(counts)])
    return usual, float((_phase_distance(phases, usual, period) <= tolerance).mean())


def _phase_distance(phases: NDArray[np.float64], usual: float, period: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.abs((phases - usual + period / 2) % period - period / 2)
    return found
