"""Greenhouse gases: noise within the hour, a source near the inlet that raises several gases at once, covariation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.relation.band import Band, Figures, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.native.argument import Values


AROUND_H = 25
"""Hours whose median is the surroundings of an hour [h]; a day and its middle."""
TOGETHER_H = 48
"""Hours over which two gases are compared [h]."""
_LEAST_H = 12


class LocalContamination(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="local_contamination"):
    """CO2 above the median of the 25 hours around it while CO is `floor` mg/m³ above its own: fire or exhaust close to the inlet.

    `floor` is that of CO.

    Source: the project's.
    """


class CovariationBand(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="co2_ch4_covariation"):
    """Correlation of CO2 and CH4 over 48 hours in which CO2 varies: they rise and mix together; against each other points to inlet or calibration.

    `floor` is the standard deviation of CO2.

    Source: the project's.
    """


class HourNoise(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hour_noise"):
    """Standard deviation of the native values within the hour, for CO2, CH4, N2O and CO, where the hourly record states it.

    `floor` is always reached.

    Source: the project's; no published limit was found.
    """


def above_background(values: Values) -> Values:
    """Each hour minus the median of the `AROUND_H` hours around it; NaN where fewer than 12 of them have a value."""
    median = pd.Series(values).rolling(AROUND_H, center=True, min_periods=_LEAST_H).median().to_numpy()
    result: Values = values - median
    return result


def local_contamination(values: Mapping[str, Values]) -> Figures:
    """Rise of CO2 above its surroundings [ppm], weighed by that of CO [mg m⁻³]: both at once are fire or exhaust close by."""
    return Figures(above_background(values["co2"]), above_background(values["co"]))


def covariation(values: Mapping[str, Values]) -> Figures:
    """Correlation of CO2 and CH4 over the last two days [1], weighed by the standard deviation of CO2 [ppm].

    Both rise at night and fall with mixing; a negative correlation points to the inlet or the calibration.
    """
    co2, ch4 = pd.Series(values["co2"]), pd.Series(values["ch4"])
    window = co2.rolling(TOGETHER_H, min_periods=TOGETHER_H // 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        together = window.corr(ch4).to_numpy()
    return Figures(np.where(np.isfinite(together), together, np.nan), window.std().to_numpy())


def _noise(code: str) -> Relation:
    """Standard deviation within the hour, of the gas's unit; always of weight 1. Hours without it are UNKNOWN."""
    spread = f"{code}__std"
    return Relation(
        kind=HourNoise,
        requires=(code, spread),
        flags=(code,),
        compute=lambda values: Figures(values[spread], np.ones(values[spread].shape)),
    )


RELATIONS = (
    *(_noise(code) for code in ("co2", "ch4", "n2o", "co")),
    Relation(
        kind=LocalContamination,
        requires=("co2", "co"),
        flags=("co2", "co"),
        compute=local_contamination,
        over_hours=True,
    ),
    Relation(kind=CovariationBand, requires=("co2", "ch4"), flags=("co2", "ch4"), compute=covariation, over_hours=True),
)
