"""What formed in the air: nitrate and sulfate in the event, oxidation ratios against earlier days, and titration of ozone at night."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.chemistry.day_window import day_windows
from analysis.case.chemistry.stagnation import DayComparison, level_of
from analysis.chemistry.components import ion_balance, oxidation_ratios
from analysis.statistics.finite import finite_or_none

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

IONS = ("nitrate", "sulfate", "ammonium", "chloride", "sodium_ion", "potassium_ion", "magnesium_ion", "calcium_ion")
GASES = ("so2", "no2", "no", "o3")
NIGHT = (20, 6)
"""Civil hours of the night, half-open."""
TITRATED_O3_UG_M3, TITRATING_NO_UG_M3 = 20.0, 12.0
"""Ozone below and NO above which an hour counts as titrated [µg m⁻³]: about 10 ppb each at 20 °C; project choice."""
LEAST_GROWTH = 1.5
"""Ratio of highest to first value from which nitrate has grown [1]; project choice."""
LEAST_NIGHT_H = 3
UNBALANCED = 1.5
"""Cations by anions from which the ammonium is doubtful [1]; 0.8 to 1.2 is customary (not verified)."""


class NitrateGrowth(msgspec.Struct, frozen=True, kw_only=True):
    """Nitrate from the first hour to its highest, and sulfate over the same hours [µg m⁻³]: of the night, where the event has one.

    Attributes
    ----------
    night_hours : int
        Of these hours, between 20:00 and 06:00 civil time.
    """

    start: datetime
    end: datetime
    hours: int
    night_hours: int
    first: float
    last: float
    sulfate_first: float | None
    sulfate_last: float | None


class Formation(msgspec.Struct, frozen=True, kw_only=True):
    """What formed; each part None where it is not measured or earlier days are too few.

    Attributes
    ----------
    growth : NitrateGrowth or None
        None too where nitrate did not grow by half.
    nor, sor : DayComparison or None
        Molar oxidation ratios of nitrogen and sulfur [1].
    balance : DayComparison or None
        Cations by anions, in equivalents [1].
    titrated, night_hours : int
        Night hours of the event with little ozone and much NO, and those with both measured.
    """

    growth: NitrateGrowth | None
    nor: DayComparison | None
    sor: DayComparison | None
    balance: DayComparison | None
    titrated: int
    night_hours: int


def formation_of(case_hours: CaseHours) -> Formation:
    """Read formation in the air from ions and gases of the station."""
    station_id = case_hours.station_ids[0]
    frame = pd.DataFrame(
        {code: case_hours.row(station_id, code) for code in (*IONS, *GASES)}, index=case_hours.hours.tz_convert("UTC")
    )
    ratios = oxidation_ratios(frame)
    rows = np.array([ratios["nor"], ratios["sor"], ion_balance(frame)["ratio"]], dtype=float)
    found = day_windows(case_hours, rows)
    nor, sor, balance = (level_of(*item) for item in zip(found.event, found.days, found.hours, strict=True))
    night = case_hours.inside & is_night(case_hours.hour_of_day)
    ozone, no = (frame[name].to_numpy()[night] for name in ("o3", "no"))
    return Formation(
        growth=_growth(case_hours, frame),
        nor=nor,
        sor=sor,
        balance=balance,
        titrated=int(((ozone < TITRATED_O3_UG_M3) & (no > TITRATING_NO_UG_M3)).sum()),
        night_hours=int((np.isfinite(ozone) & np.isfinite(no)).sum()),
    )


def is_night(hour: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a civil hour is one of the night.

    Examples
    --------
    >>> is_night(np.array([5, 6, 19, 20])).tolist()
    [True, False, False, True]
    """
    return np.asarray((hour >= NIGHT[0]) | (hour < NIGHT[1]))


def _growth(case_hours: CaseHours, frame: pd.DataFrame) -> NitrateGrowth | None:
    inside = np.flatnonzero(case_hours.inside)
    night = inside[is_night(case_hours.hour_of_day[inside])]
    inside = night if len(night) > LEAST_NIGHT_H else inside
    nitrate = frame["nitrate"].to_numpy()[inside]
    known = np.flatnonzero(np.isfinite(nitrate))
    if len(known) < LEAST_NIGHT_H:
        return None
    first, last = int(known[0]), int(known[np.argmax(nitrate[known])])
    if last - first < LEAST_NIGHT_H or not nitrate[last] >= LEAST_GROWTH * nitrate[first] > 0:
        return None
    sulfate = frame["sulfate"].to_numpy()[inside]
    return NitrateGrowth(
        start=case_hours.hours[inside[first]].to_pydatetime(),
        end=case_hours.hours[inside[last]].to_pydatetime(),
        hours=last - first,
        night_hours=int(is_night(case_hours.hour_of_day[inside[first:last]]).sum()),
        first=float(nitrate[first]),
        last=float(nitrate[last]),
        sulfate_first=finite_or_none(sulfate[first]),
        sulfate_last=finite_or_none(sulfate[last]),
    )
