"""Properties of an observed parameter, and the errors about parameters.

Errors::

    ParameterError
    +-- RegistryError            a cell of the registry is wrong
    +-- UnknownParameterError    a code that the registry does not have
    +-- UnknownNetworkError      a network code that does not exist
    +-- UnitError                (schemas.units) a unit that the parameter does not allow
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class ParameterError(Exception):
    """Root of the errors about parameters and their units."""


class RegistryError(ParameterError):
    """A wrong cell of the registry; the message names file, line, column, cell and expectation."""


class UnknownParameterError(ParameterError):
    """A parameter code that the registry does not have."""


class UnknownNetworkError(ParameterError):
    """A network code that does not exist."""


class ParameterGroup(StrEnum):
    """Family of a parameter; the VOC families are those over which reactivity is summed."""

    GAS = "gas"
    PM_MASS = "pm_mass"
    MET = "met"
    ALKANE = "alkane"
    ALKENE = "alkene"
    ALKYNE = "alkyne"
    AROMATIC = "aromatic"
    HALOCARBON = "halocarbon"
    OVOC = "ovoc"
    VOC_OTHER = "voc_other"
    TOTAL = "total"
    ION = "ion"
    CARBON = "carbon"
    ELEMENT = "element"
    PRECURSOR_GAS = "precursor_gas"
    GHG = "ghg"
    ECO = "eco"
    RAD = "rad"


VOC_GROUPS = frozenset(
    {
        ParameterGroup.ALKANE,
        ParameterGroup.ALKENE,
        ParameterGroup.ALKYNE,
        ParameterGroup.AROMATIC,
        ParameterGroup.HALOCARBON,
        ParameterGroup.OVOC,
        ParameterGroup.VOC_OTHER,
        ParameterGroup.TOTAL,
    }
)
"""Families of volatile organic compounds."""


FULL_TURN_DEG = 360.0


class AveragingMethod(StrEnum):
    """How values of shorter intervals become one of a longer interval."""

    MEAN = "mean"
    SUM = "sum"
    VECTOR = "vector"
    """Direction of the mean vector, weighted with ``wind_speed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One observed property.

    Attributes
    ----------
    parameter : str
        Code, the key everywhere: payloads, columns, database fields.
    name_zh, name_en : str
    group : ParameterGroup
    networks : frozenset of str
        Networks in which it may be reported.
    unit : str
        Canonical unit: of storage, of the range, of every frame.
    allowed_units : tuple of str
        Units accepted at the edge, the canonical one first.
    decimals : int
        Digits after the point when shown in the canonical unit.
    averaging : AveragingMethod
    range_min, range_max : float or None
        Physical range in the canonical unit; None is unbounded. Outside it a value fails, so no real episode may be
        outside.
    cas, formula : str or None
        CAS registry number; chemical formula.
    molar_mass_g_mol : float or None
        [g mol⁻¹]
    carbon_number : int or None
        Carbon atoms in a molecule.
    mir_g_g : float or None
        Maximum incremental reactivity [g O₃ per g VOC].
    koh_cm3_s : float or None
        Rate constant with OH at 298 K [cm³ molecule⁻¹ s⁻¹].
    charge : int or None
        Of an ion, in elementary charges.
    equivalent_mass_g_eq : float or None
        Molar mass by absolute charge [g eq⁻¹].
    hj212_code : str or None
        Factor code of HJ 212. Its unit in a frame is the device's matter, not the registry's.
    hj212_source : str or None
        Begins with the status of the evidence, e.g. ``verified_primary`` or ``inferred_order_low``.
    range_source, molar_mass_source, mir_source, koh_source, equivalent_mass_source : str or None
        Where the figure comes from, or why there is none.
    range_verified, hj212_verified : bool or None
        Whether that source was read; None where there is no figure.
    cf_standard_name : str or None
        CF standard name, only where the name means the same quantity.
    """

    parameter: str
    name_zh: str
    name_en: str
    group: ParameterGroup
    networks: frozenset[str]
    unit: str
    allowed_units: tuple[str, ...]
    decimals: int
    averaging: AveragingMethod
    range_min: float | None
    range_max: float | None
    range_source: str | None
    range_verified: bool | None
    cas: str | None
    formula: str | None
    molar_mass_g_mol: float | None
    molar_mass_source: str | None
    carbon_number: int | None
    mir_g_g: float | None
    mir_source: str | None
    koh_cm3_s: float | None
    koh_source: str | None
    charge: int | None
    equivalent_mass_g_eq: float | None
    equivalent_mass_source: str | None
    hj212_code: str | None
    hj212_source: str | None
    hj212_verified: bool | None
    cf_standard_name: str | None

    @property
    def period(self) -> float | None:
        """A full turn of a direction, canonical unit; None: a quantity that does not repeat."""
        return FULL_TURN_DEG if self.averaging is AveragingMethod.VECTOR else None

    def __hash__(self) -> int:
        # The code is the key of the registry; hashing every field would dominate the cached unit conversion.
        return hash(self.parameter)


COLUMNS = tuple(field.name for field in fields(Parameter))
