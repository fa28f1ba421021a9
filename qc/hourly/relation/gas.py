"""Relations between gases: sum of nitrogen oxides, ozone with nitrogen monoxide, their sum, PM2.5 as a part of PM10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.relation.band import Band, Figures, Relation, ratio
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.native.argument import Values


RATE_H = 24
"""Hours over which the rate of inversions is taken [h]. Project's choice."""


class NitrogenOxides(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="nox_sum"):
    """NO2 plus NO as NO2, over NOx.

    `floor` is NOx.

    Source: definition of NOx; band: the project's.
    """


class OzoneWithNo(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ozone_with_no"):
    """NO where ozone is high: the two react within minutes.

    `floor` is the least ozone.

    Source: the project's.
    """


class OxBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ox_balance"):
    """Ozone and NO2 together, as ozone: NO turns one into the other and leaves the sum, so air always has one of them.

    `floor` is always reached.

    Source: the project's.
    """


class InversionRate(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion_rate"):
    """Part of the last 24 hours with PM2.5 above PM10, where at least `floor` hours have both: heater, flow or head.

    `floor` is the number of hours.

    Source: the project's, after Xue et al. 2024.
    """


def nitrogen_oxides(values: Mapping[str, Values]) -> Figures:
    """NO2 plus NO as NO2, over NOx [1]; the weight is NOx [µg m⁻³]."""
    as_no2 = (parameter("no2").molar_mass_g_mol or np.nan) / (parameter("no").molar_mass_g_mol or np.nan)
    return ratio(values["no2"] + as_no2 * values["no"], values["nox"])


def ozone_with_no(values: Mapping[str, Values]) -> Figures:
    """NO [µg m⁻³], weighed by O3 [µg m⁻³]: they react within minutes, so high values of both in one hour are implausible."""
    return Figures(values["no"], values["o3"])


def ox_balance(values: Mapping[str, Values]) -> Figures:
    """Ozone and NO2 together, as ozone [µg m⁻³]; always of weight 1.

    NO turns one into the other and leaves their sum: with both near zero, an analyser does not measure air.
    """
    as_o3 = (parameter("o3").molar_mass_g_mol or np.nan) / (parameter("no2").molar_mass_g_mol or np.nan)
    return Figures(values["o3"] + as_o3 * values["no2"], np.ones(values["o3"].shape))


def inversion_rate(values: Mapping[str, Values]) -> Figures:
    """Part of the last `RATE_H` hours in which PM2.5 was above PM10 [1]; the weight is the number of hours with both.

    A few inversions are noise at low concentrations; a persistent rate is a faulty heater, flow or head.
    """
    both = np.isfinite(values["pm25"]) & np.isfinite(values["pm10"])
    above = pd.Series(np.where(both, values["pm25"] > values["pm10"], np.nan))
    window = above.rolling(RATE_H, min_periods=1)
    return Figures(window.mean().to_numpy(), window.count().to_numpy())


RELATIONS = (
    Relation(kind=NitrogenOxides, requires=("no", "no2", "nox"), flags=("nox", "no", "no2"), compute=nitrogen_oxides),
    Relation(kind=OzoneWithNo, requires=("no", "o3"), flags=("no", "o3"), compute=ozone_with_no),
    Relation(kind=OxBalance, requires=("o3", "no2"), flags=("o3", "no2"), compute=ox_balance),
    Relation(
        kind=InversionRate, requires=("pm25", "pm10"), flags=("pm25", "pm10"), compute=inversion_rate, over_hours=True
    ),
)
