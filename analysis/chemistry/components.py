"""PM2.5 composition: ion balance, mass reconstruction, secondary organic carbon, sulfur and nitrogen oxidation ratios.

References
----------
Equivalents: charge and equivalent mass of the registry. Mass reconstruction and the ratio classes: secondary sources, see
each function. MRS: Wu and Yu 2016, Atmos. Chem. Phys. 16, 5453. The factors marked "not verified" are arguments.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import check_time_index, valid_values
from schemas.mass_factor import mass_factors
from schemas.parameter import parameter

ANIONS = ("sulfate", "nitrate", "chloride")
CATIONS = ("ammonium", "sodium_ion", "potassium_ion", "magnesium_ion", "calcium_ion")
REQUIRED_IONS = frozenset({"sulfate", "nitrate", "ammonium"})
"""A balance needs these three."""
MASS = {item.parameter: item.factor for item in mass_factors().values()}
"""Mass by component [1]."""
SOIL_ELEMENTS = ("aluminium", "silicon", "calcium", "iron", "titanium")
MINIMUM_EC_UG_M3 = 0.1
"""Below this EC the ratio OC/EC is unstable."""
MINIMUM_PAIRS = 20


class SecondaryCarbon(msgspec.Struct, frozen=True, kw_only=True):
    """Primary ratio from ``n`` pairs of OC and EC; without one, the reason."""

    method: str
    primary_ratio: float | None
    """(OC/EC) of primary emissions [1]; None where it cannot be derived."""
    reason: str
    n: int


def ion_balance(hourly: pd.DataFrame) -> pd.DataFrame:
    """Equivalents of anions and cations.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with ions [µg m⁻³].

    Returns
    -------
    pd.DataFrame
        ``anions_neq_m3, cations_neq_m3`` [neq m⁻³], ``ratio`` cations by anions [1], ``neutralisation`` ammonium by
        sulfate plus nitrate [1], ``ions_n`` ions in the sums. NaN where sulfate, nitrate or ammonium is missing.

    References
    ----------
    neq = µg · 1000 / (M / |z|). The customary range of the ratio is 0.8 to 1.2 (not verified).

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> ions = pd.DataFrame({"sulfate": [9.6], "nitrate": [6.2], "ammonium": [5.4]}, index=hours)
    >>> ion_balance(ions)["ratio"].round(3).tolist()
    [0.998]
    """
    check_time_index(hourly)
    charges = pd.DataFrame({code: equivalents(hourly, code) for code in (*ANIONS, *CATIONS)}, index=hourly.index)
    complete = charges[sorted(REQUIRED_IONS)].notna().all(axis=1)
    result = pd.DataFrame(
        {
            "anions_neq_m3": charges[list(ANIONS)].sum(axis=1).where(complete),
            "cations_neq_m3": charges[list(CATIONS)].sum(axis=1).where(complete),
        }
    )
    result["ratio"] = _quotient(result["cations_neq_m3"], result["anions_neq_m3"])
    result["neutralisation"] = _quotient(charges["ammonium"], charges["sulfate"] + charges["nitrate"])
    result["ions_n"] = charges.notna().sum(axis=1).astype(float)
    return result


def equivalents(hourly: pd.DataFrame, code: str) -> pd.Series:
    """Equivalents of one ion [neq m⁻³]; NaN where it is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> equivalents(pd.DataFrame({"sulfate": [9.606]}, index=hours), "sulfate").round(1).tolist()
    [200.0]
    """
    mass = parameter(code).equivalent_mass_g_eq
    return valid_values(hourly, code) * (np.nan if mass is None else 1000.0 / mass)


def mass_reconstruction(hourly: pd.DataFrame, *, om_per_oc: float = MASS["oc"]) -> pd.DataFrame:
    """PM2.5 rebuilt from its components.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly: ions, ``oc``, ``ec``, elements, ``pm25`` [µg m⁻³].
    om_per_oc : float
        Organic mass by organic carbon [1]: 1.4 to 1.6 fresh urban, 1.6 to 1.8 aged, 1.8 to 2.2 background (secondary source).

    Returns
    -------
    pd.DataFrame
        ``ammonium_sulfate, ammonium_nitrate, organic_matter, elemental_carbon, soil, sea_salt, reconstructed``
        [µg m⁻³] and ``closure`` = reconstructed by measured PM2.5 [1]. The sum needs sulfate, nitrate, OC and EC; soil
        and sea salt enter where measured (soil from the elements that are there, a lower bound).

    References
    ----------
    1.375 SO4 + 1.29 NO3 + OM + EC + soil + sea salt, factors as in the QC test ``mass_closure`` (``schemas/mass_factors.csv``).

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> parts = {"sulfate": [10.0], "nitrate": [10.0], "oc": [5.0], "ec": [2.0], "pm25": [50.0]}
    >>> mass_reconstruction(pd.DataFrame(parts, index=hours))[["reconstructed", "closure"]].round(3).to_numpy().tolist()
    [[35.65, 0.713]]
    """
    check_time_index(hourly)
    soil = pd.DataFrame({code: valid_values(hourly, code) * MASS[code] for code in SOIL_ELEMENTS})
    parts = pd.DataFrame(
        {
            "ammonium_sulfate": valid_values(hourly, "sulfate") * MASS["sulfate"],
            "ammonium_nitrate": valid_values(hourly, "nitrate") * MASS["nitrate"],
            "organic_matter": valid_values(hourly, "oc") * om_per_oc,
            "elemental_carbon": valid_values(hourly, "ec"),
            "soil": soil.sum(axis=1, min_count=1),
            "sea_salt": valid_values(hourly, "sodium_ion") * MASS["sodium_ion"],
        }
    )
    complete = parts.iloc[:, :4].notna().all(axis=1)
    parts["reconstructed"] = parts.sum(axis=1).where(complete)
    parts["closure"] = _quotient(parts["reconstructed"], valid_values(hourly, "pm25"))
    return parts


def minimum_ratio(oc: pd.Series, ec: pd.Series, *, percentile: float = 10.0) -> SecondaryCarbon:
    """Primary OC/EC as a low percentile of the ratio.

    Parameters
    ----------
    oc, ec : pd.Series of float
        [µg m⁻³]; hours with EC below 0.1 are left out.
    percentile : float
        [%], customarily 5 to 20.

    Examples
    --------
    >>> import pandas as pd
    >>> ec = pd.Series(range(1, 41), dtype=float)
    >>> minimum_ratio(2.0 * ec, ec).primary_ratio
    2.0
    """
    pairs = _pairs(oc, ec)
    method = f"minimum ratio, percentile {percentile:g}"
    if len(pairs) < MINIMUM_PAIRS:
        return SecondaryCarbon(method=method, primary_ratio=None, reason=_too_few(len(pairs)), n=len(pairs))
    ratio = float(np.percentile(pairs["oc"] / pairs["ec"], percentile))
    return SecondaryCarbon(method=method, primary_ratio=ratio, reason="", n=len(pairs))


def minimum_r_squared(oc: pd.Series, ec: pd.Series, *, highest: float = 10.0) -> SecondaryCarbon:
    """Primary OC/EC at which the secondary part is least correlated with EC (MRS).

    Parameters
    ----------
    oc, ec : pd.Series of float
        [µg m⁻³]
    highest : float
        End of the scan from 0.01 in steps of 0.01 [1]. A minimum at an end of the scan is refused.

    References
    ----------
    Wu and Yu 2016, Atmos. Chem. Phys. 16, 5453.

    Examples
    --------
    >>> import pandas as pd
    >>> ec = pd.Series(range(1, 41), dtype=float)
    >>> minimum_r_squared(2.5 * ec + 1.0, ec).primary_ratio
    2.5
    """
    pairs = _pairs(oc, ec)
    if len(pairs) < MINIMUM_PAIRS:
        return SecondaryCarbon(method="MRS", primary_ratio=None, reason=_too_few(len(pairs)), n=len(pairs))
    # corr(OC - b EC, EC) is zero exactly where b is the regression slope of OC on EC: no scan is needed to find it.
    slope = float(np.cov(pairs["oc"], pairs["ec"])[0, 1] / pairs["ec"].var())
    if not 0.0 < slope < highest:
        reason = f"no minimum inside the scan range 0 to {highest:g} (slope {slope:.2f})"
        return SecondaryCarbon(method="MRS", primary_ratio=None, reason=reason, n=len(pairs))
    return SecondaryCarbon(method="MRS", primary_ratio=round(slope, 2), reason="", n=len(pairs))


def soc(oc: pd.Series, ec: pd.Series, primary_ratio: float) -> pd.Series:
    """Secondary organic carbon OC - (OC/EC)_primary · EC [µg m⁻³]; NaN where either is missing.

    Negative values are kept: they are noise about zero, or a primary ratio that is too high for the hour, and a mean without
    them would be too high. `soc_flags` marks them.

    Parameters
    ----------
    oc, ec : pd.Series of float
        [µg m⁻³]
    primary_ratio : float
        (OC/EC) of primary emissions [1], of `minimum_ratio` or `minimum_r_squared`.

    Examples
    --------
    >>> import pandas as pd
    >>> soc(pd.Series([6.0]), pd.Series([2.0]), 2.0).tolist()
    [2.0]
    """
    return (oc - primary_ratio * ec).rename("soc")


def soc_flags(secondary: pd.Series) -> pd.Series:
    """Flags of `soc`: SUSPECT below zero, MISSING without a value, else PASS (int8).

    Examples
    --------
    >>> import pandas as pd
    >>> soc_flags(pd.Series([1.0, -0.2, None])).tolist()
    [1, 3, 9]
    """
    flags = np.where(secondary.isna(), Flag.MISSING, np.where(secondary < 0, Flag.SUSPECT, Flag.PASS))
    return pd.Series(flags.astype(np.int8), index=secondary.index, name="soc__flag")


def oxidation_ratios(hourly: pd.DataFrame) -> pd.DataFrame:
    """Molar oxidation ratios: ``sor`` = SO4 / (SO4 + SO2), ``nor`` = NO3 / (NO3 + NO2) [1].

    Concentrations in µg m⁻³; NaN where either is missing or the sum is not above zero. Noise below zero is kept, so a
    ratio may lie slightly outside 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> gases = {"sulfate": [9.606], "so2": [6.406], "nitrate": [6.2], "no2": [4.6]}
    >>> oxidation_ratios(pd.DataFrame(gases, index=hours)).round(2).to_numpy().tolist()
    [[0.5, 0.5]]
    """
    check_time_index(hourly)
    moles = {code: _mol(hourly, code) for code in ("sulfate", "so2", "nitrate", "no2")}
    return pd.DataFrame(
        {
            "sor": _quotient(moles["sulfate"], moles["sulfate"] + moles["so2"]),
            "nor": _quotient(moles["nitrate"], moles["nitrate"] + moles["no2"]),
        }
    )


def _mol(hourly: pd.DataFrame, code: str) -> pd.Series:
    mass = parameter(code).molar_mass_g_mol
    return valid_values(hourly, code) / (np.nan if mass is None else mass)


def _quotient(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    return numerator / denominator.where(denominator > 0)


def _pairs(oc: pd.Series, ec: pd.Series) -> pd.DataFrame:
    pairs = pd.DataFrame({"oc": oc, "ec": ec}).astype(float).dropna()
    return pairs[(pairs["ec"] >= MINIMUM_EC_UG_M3) & (pairs["oc"] > 0)]


def _too_few(n: int) -> str:
    return f"{n} hours with OC and EC, at least {MINIMUM_PAIRS} are needed"
