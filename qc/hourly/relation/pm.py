"""Relations between PM2.5 components: charges balance, parts do not exceed the whole, two instruments agree on one element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.hourly.relation.band import Band, Figures, Relation, ratio, total
from schemas.mass_factor import mass_factors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.native.argument import Values


#: Equivalents in 1 µg [neq µg⁻¹]: 1000 times the charge over the molar mass (IUPAC atomic masses).
CATIONS = {
    "ammonium": 55.4324, "sodium_ion": 43.4972, "potassium_ion": 25.5754, "magnesium_ion": 82.2842, "calcium_ion": 49.9027,
}  # fmt: skip
ANIONS = {"sulfate": 20.8203, "nitrate": 16.1290, "chloride": 28.2087}
MASS = {item.parameter: item.factor for item in mass_factors().values()}
"""Mass by component [1], for the mass closure here and in `analysis.chemistry.components` (``schemas/mass_factors.csv``)."""
SULFATE_OF_SULFUR = 96.06 / 32.06
"""Mass of sulfate that holds one unit of sulfur [1]."""


class IonBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ion_balance"):
    """Equivalents of the cations (NH4+, Na+, K+, Mg2+, Ca2+; those that are measured) over those of the anions (SO4 2-, NO3-, Cl-).

    One hour is only suspect; slope and r² of many hours are the usual report. `floor` is the mass of the ions.

    Source: equivalent masses from molar mass and charge; band: common practice, one hour not rejected alone.
    """


class AmmoniumBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ammonium_balance"):
    """Ammonium over sulfate and nitrate in equivalents: above 1.1 is called excess, below 0.9 deficient.

    `floor` is their mass.

    Source: equivalent masses as above; band: the project's.
    """


class MassClosure(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mass_closure"):
    """1.375 SO4 + 1.29 NO3 + 1.4 OC + EC + soil (2.20 Al + 2.49 Si + 1.63 Ca + 2.42 Fe + 1.94 Ti) + 2.54 Na+, of what is measured, over PM2.5.

    Only an excess is flagged, since not everything is measured. `floor` is PM2.

    Source: IMPROVE reconstruction; OC factor 1.4 for fresh urban aerosol.
    """


class OcEcRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="oc_ec_ratio"):
    """OC over EC.

    `floor` is EC.

    Source: the project's; little EC makes the ratio unstable.
    """


class PotassiumRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="potassium_ratio"):
    """Water-soluble over total potassium: a part cannot be more than the whole.

    `floor` is the total.

    Source: the project's.
    """


class SulfurRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sulfur_ratio"):
    """Elemental sulfur times 96.06/32.06 over sulfate: two instruments on one element.

    `floor` is sulfate.

    Source: molar masses; band: the project's.
    """


class BlackCarbonRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="bc_ec_ratio"):
    """Equivalent black carbon over elemental carbon.

    `floor` is EC.

    Source: the project's.
    """


def ion_balance(values: Mapping[str, Values]) -> Figures:
    """Equivalents of cations over anions [1]; the weight is the mass of all ions [µg m⁻³].

    References
    ----------
    Equivalent masses: docs/qc-tests.md.
    """
    mass = total(values, dict.fromkeys((*CATIONS, *ANIONS), 1.0))
    return ratio(total(values, CATIONS), total(values, ANIONS), mass)


def ammonium_balance(values: Mapping[str, Values]) -> Figures:
    """Ammonium over sulfate and nitrate in equivalents [1]; the weight is their mass [µg m⁻³]."""
    acids = {code: ANIONS[code] for code in ("sulfate", "nitrate")}
    return ratio(
        values["ammonium"] * CATIONS["ammonium"], total(values, acids), total(values, dict.fromkeys(acids, 1.0))
    )


def mass_closure(values: Mapping[str, Values]) -> Figures:
    """Reconstructed mass over PM2.5 [1]; the weight is PM2.5 [µg m⁻³]. What is not measured makes it smaller, never larger."""
    return ratio(total(values, MASS), values["pm25"])


def oc_ec_ratio(values: Mapping[str, Values]) -> Figures:
    """OC over EC [1]; the weight is EC [µg m⁻³], since little of it makes the ratio unstable."""
    return ratio(values["oc"], values["ec"])


def potassium_ratio(values: Mapping[str, Values]) -> Figures:
    """Water-soluble over total potassium [1]; the weight is the total [µg m⁻³]. A part cannot be more than the whole."""
    return ratio(values["potassium_ion"], values["potassium"])


def sulfur_ratio(values: Mapping[str, Values]) -> Figures:
    """Sulfate that the elemental sulfur would make, over sulfate [1]; the weight is sulfate [µg m⁻³]."""
    return ratio(values["sulfur"] * SULFATE_OF_SULFUR, values["sulfate"])


def black_carbon_ratio(values: Mapping[str, Values]) -> Figures:
    """Black over elemental carbon [1]; the weight is EC [µg m⁻³]."""
    return ratio(values["bc"], values["ec"])


RELATIONS = (
    Relation(
        kind=IonBalance,
        requires=("sulfate", "nitrate", "ammonium"),
        optional=tuple(code for code in (*CATIONS, *ANIONS) if code not in {"sulfate", "nitrate", "ammonium"}),
        flags=("sulfate", "nitrate", "ammonium"),
        compute=ion_balance,
    ),
    Relation(
        kind=AmmoniumBalance, requires=("ammonium", "sulfate", "nitrate"), flags=("ammonium",), compute=ammonium_balance
    ),
    Relation(
        kind=MassClosure,
        requires=("pm25", "sulfate", "nitrate"),
        optional=tuple(code for code in MASS if code not in {"sulfate", "nitrate"}),
        flags=("pm25", "sulfate", "nitrate", "oc", "ec"),
        compute=mass_closure,
    ),
    Relation(kind=OcEcRatio, requires=("oc", "ec"), flags=("oc", "ec"), compute=oc_ec_ratio),
    Relation(
        kind=PotassiumRatio,
        requires=("potassium_ion", "potassium"),
        flags=("potassium_ion", "potassium"),
        compute=potassium_ratio,
    ),
    Relation(kind=SulfurRatio, requires=("sulfur", "sulfate"), flags=("sulfur", "sulfate"), compute=sulfur_ratio),
    Relation(kind=BlackCarbonRatio, requires=("bc", "ec"), flags=("bc", "ec"), compute=black_carbon_ratio),
)
