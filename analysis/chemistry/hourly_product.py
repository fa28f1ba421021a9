"""Product ``chemistry_hourly``: oxidation ratios, secondary carbon, ions, mass closure and photochemical age of every hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.chemistry.components import (
    ion_balance,
    mass_reconstruction,
    minimum_r_squared,
    oxidation_ratios,
    soc_flags,
)
from analysis.chemistry.photochemical_age import XYLENE, age_h, emission_ratio, oh_exposure
from analysis.chemistry.secondary_carbon import season_of
from schemas.frames import check_time_index, valid_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FIGURES = (
    "sor",
    "nor",
    "oc",
    "ec",
    "poc",
    "soc",
    "ion_ratio",
    "neutralisation",
    "reconstructed",
    "pm25",
    "closure",
    "age_h",
)
"""Columns with a mean of their own."""


def hourly_chemistry(hourly: pd.DataFrame, zone: ZoneInfo, *, oh_molecule_cm3: float | None = None) -> pd.DataFrame:
    """Chemistry of every hour that has any of it.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly [µg m⁻³], with the days before from which primary ratio and emission ratio are estimated.
    zone : ZoneInfo
    oh_molecule_cm3 : float, optional
        [molecule cm⁻³]; not verified.

    Returns
    -------
    pd.DataFrame
        Same index. `FIGURES`: ratios [1], carbon and mass [µg m⁻³], ``pm25`` of the hours with a reconstructed mass, age [h]; ``soc_flag`` 3 below zero, 9 without a value;
        ``primary_ratio`` of MRS in the season [1], ``emission_ratio`` of m,p-xylene to ethylbenzene [1], ``oh_exposure``
        [molecule s cm⁻³]. NaN where something is missing or a ratio was rejected.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    As the functions of `components` and `photochemical_age`.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> gases = {"sulfate": [9.606], "so2": [6.406]}
    >>> hourly_chemistry(pd.DataFrame(gases, index=hours), ZoneInfo("Asia/Shanghai"))["sor"].round(2).tolist()
    [0.5]
    """
    check_time_index(hourly)
    oc, ec = valid_values(hourly, "oc"), valid_values(hourly, "ec")
    primary = _primary_ratio(oc, ec, zone)
    emitted = emission_ratio(hourly, XYLENE, zone)
    exposure = oh_exposure(hourly, emitted)
    mass, ions = mass_reconstruction(hourly), ion_balance(hourly)
    table = oxidation_ratios(hourly)
    table["oc"], table["ec"], table["poc"] = oc, ec, primary * ec
    table["soc"] = oc - table["poc"]
    table["ion_ratio"], table["neutralisation"] = ions["ratio"], ions["neutralisation"]
    table["reconstructed"], table["closure"] = mass["reconstructed"], mass["closure"]
    table["pm25"] = valid_values(hourly, "pm25").where(mass["reconstructed"].notna())
    table["age_h"], table["oh_exposure"] = age_h(exposure, oh_molecule_cm3), exposure
    table["soc_flag"] = soc_flags(table["soc"]).astype(float)
    table["primary_ratio"] = primary
    table["emission_ratio"] = np.nan if emitted.ratio is None else emitted.ratio
    return table


def _primary_ratio(oc: pd.Series, ec: pd.Series, zone: ZoneInfo) -> pd.Series:
    """MRS of the season of each hour; NaN where it was rejected."""
    seasons = pd.Series(season_of(pd.DatetimeIndex(oc.index), zone), index=oc.index)
    found = {
        name: minimum_r_squared(oc[seasons == name], ec[seasons == name]).primary_ratio for name in seasons.unique()
    }
    return seasons.map(found).astype(float)
