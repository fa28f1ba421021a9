"""Registry of parameters: what the project may observe, in which unit, with which constants and where those come from.

The registry is ``parameters.csv`` beside this module, read once and strictly. An empty cell means *not known*: it
becomes None, never zero. A figure stands with its source; ``*_verified`` says whether the source itself was read.

Errors::

    ParameterError
    +-- RegistryError            a cell of the registry is wrong
    +-- UnknownParameterError    a code that the registry does not have
    +-- UnknownNetworkError      a network code that does not exist
    +-- UnitError                (schemas.units) a unit that the parameter does not allow
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REGISTRY_PATH = Path(__file__).with_name("parameters.csv")
NETWORK_CODES = frozenset(code.value for code in NetworkCode)

_CODE_LENGTH = 64
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_HJ212_CODE = re.compile(r"[a-z][0-9]{5}")
_CAS = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")


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


@cache
def load_parameters() -> Mapping[str, Parameter]:
    """Read the registry once.

    Returns
    -------
    Mapping of str to Parameter
        By code, in the order of the file; read-only.

    Raises
    ------
    RegistryError
        If a cell is wrong.
    """
    return read_registry(REGISTRY_PATH)


def parameter(code: str) -> Parameter:
    """Look a parameter up by its code.

    Raises
    ------
    UnknownParameterError
        If the registry does not have it.
    """
    try:
        return load_parameters()[code]
    except KeyError:
        msg = f"unknown parameter {code!r}"
        raise UnknownParameterError(msg) from None


@cache
def parameters_of(network: str) -> tuple[Parameter, ...]:
    """Parameters that may be reported in a network, in the order of the registry.

    Raises
    ------
    UnknownNetworkError
        If there is no such network.
    """
    if network not in NETWORK_CODES:
        msg = f"unknown network {network!r}, expected one of {_listed(NetworkCode)}"
        raise UnknownNetworkError(msg)
    return tuple(item for item in load_parameters().values() if network in item.networks)


def read_registry(path: Path) -> Mapping[str, Parameter]:
    """Read a registry file.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with exactly the columns `COLUMNS`.

    Returns
    -------
    Mapping of str to Parameter
        By code, in the order of the file; read-only.

    Raises
    ------
    RegistryError
        If a cell is wrong, a code is used twice, or a column is missing, added or out of order.
    """
    registry: dict[str, Parameter] = {}
    hj212_codes: set[str] = set()
    for row in _rows(path):
        item = _parameter(row)
        _check_names(row)
        _check_units(row)
        _check_range(row)
        _check_sources(row)
        if item.parameter in registry:
            row.fail("parameter", "a code that is used once")
        if item.hj212_code in hj212_codes:
            row.fail("hj212_code", "a code that is used once")
        registry[item.parameter] = item
        hj212_codes.update(() if item.hj212_code is None else (item.hj212_code,))
    return MappingProxyType(registry)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file, cells by column; its readers raise `RegistryError` for a wrong cell."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def fail(self, column: str, expected: str) -> NoReturn:
        msg = f"{self.path.name}, line {self.line}, column {column}: {self.cells[column]!r}, expected {expected}"
        raise RegistryError(msg)

    def text(self, column: str, pattern: re.Pattern[str] | None = None) -> str:
        cell = self.cells[column]
        if not cell or cell != cell.strip():
            self.fail(column, "text without surrounding blanks")
        if pattern and not pattern.fullmatch(cell):
            self.fail(column, f"the pattern {pattern.pattern}")
        return cell

    def optional_text(self, column: str, pattern: re.Pattern[str] | None = None) -> str | None:
        return self.text(column, pattern) if self.cells[column] else None

    def words(self, column: str) -> tuple[str, ...]:
        words = tuple(self.text(column).split(" "))
        if "" in words or len(set(words)) < len(words):
            self.fail(column, "different words with one blank between")
        return words

    def choice(self, column: str, options: type[StrEnum]) -> str:
        if self.cells[column] not in tuple(options):
            self.fail(column, f"one of {_listed(options)}")
        return self.cells[column]

    def real(self, column: str, *, positive: bool = False) -> float | None:
        cell = self.cells[column]
        if not cell:
            return None
        value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
        if not math.isfinite(value) or (positive and value <= 0):
            self.fail(column, "a number above zero" if positive else "a number")
        return value

    def whole(self, column: str, *, minimum: int) -> int | None:
        cell = self.cells[column]
        if not cell:
            return None
        if not _WHOLE.fullmatch(cell) or int(cell) < minimum:
            self.fail(column, f"a whole number of at least {minimum}")
        return int(cell)

    def truth(self, column: str, *, given: bool) -> bool | None:
        """Whether a figure is verified: ``true`` or ``false`` where the figure is given, empty where it is not."""
        cell = self.cells[column]
        if given and cell not in {"true", "false"}:
            self.fail(column, "true or false")
        if not given and cell:
            self.fail(column, "an empty cell, as the figure is empty")
        return cell == "true" if given else None


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = tuple(next(reader, ()))
        if header != COLUMNS:
            msg = f"{path.name}, line 1: the columns are {_listed(header)}, expected {_listed(COLUMNS)}"
            raise RegistryError(msg)
        for cells in reader:
            if len(cells) != len(COLUMNS):
                msg = f"{path.name}, line {reader.line_num}: {len(cells)} cells, expected {len(COLUMNS)}"
                raise RegistryError(msg)
            yield _Row(path, reader.line_num, dict(zip(COLUMNS, cells, strict=True)))


def _parameter(row: _Row) -> Parameter:
    # Longer than a function should be, but one line a column and no branches.
    return Parameter(
        parameter=row.text("parameter", _CODE),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        group=ParameterGroup(row.choice("group", ParameterGroup)),
        networks=frozenset(row.words("networks")),
        unit=row.text("unit"),
        allowed_units=row.words("allowed_units"),
        decimals=row.whole("decimals", minimum=0) or 0,
        averaging=AveragingMethod(row.choice("averaging", AveragingMethod)),
        range_min=row.real("range_min"),
        range_max=row.real("range_max"),
        range_source=row.optional_text("range_source"),
        range_verified=row.truth("range_verified", given=_has_any(row, "range_min", "range_max")),
        cas=row.optional_text("cas", _CAS),
        formula=row.optional_text("formula"),
        molar_mass_g_mol=row.real("molar_mass_g_mol", positive=True),
        molar_mass_source=row.optional_text("molar_mass_source"),
        carbon_number=row.whole("carbon_number", minimum=1),
        mir_g_g=row.real("mir_g_g"),
        mir_source=row.optional_text("mir_source"),
        koh_cm3_s=row.real("koh_cm3_s"),
        koh_source=row.optional_text("koh_source"),
        charge=row.whole("charge", minimum=-9),
        equivalent_mass_g_eq=row.real("equivalent_mass_g_eq", positive=True),
        equivalent_mass_source=row.optional_text("equivalent_mass_source"),
        hj212_code=row.optional_text("hj212_code", _HJ212_CODE),
        hj212_source=row.optional_text("hj212_source"),
        hj212_verified=row.truth("hj212_verified", given=_has_any(row, "hj212_code")),
        cf_standard_name=row.optional_text("cf_standard_name", _CODE),
    )


def _check_names(row: _Row) -> None:
    if len(row.text("parameter", _CODE)) > _CODE_LENGTH:
        row.fail("parameter", f"at most {_CODE_LENGTH} characters")
    if not NETWORK_CODES.issuperset(row.words("networks")):
        row.fail("networks", f"words of {_listed(NetworkCode)}")
    if not row.cells["decimals"]:
        row.fail("decimals", "a whole number of at least 0")


def _check_units(row: _Row) -> None:
    if row.words("allowed_units")[0] != row.text("unit"):
        row.fail("allowed_units", f"the canonical unit {row.cells['unit']!r} first")


def _check_range(row: _Row) -> None:
    low, high = row.real("range_min"), row.real("range_max")
    if low is not None and high is not None and low >= high:
        row.fail("range_max", f"more than range_min, {low:g}")


def _check_sources(row: _Row) -> None:
    # A source without a figure is allowed: it says why there is none.
    sourced = {
        "range_source": ("range_min", "range_max"),
        "molar_mass_source": ("molar_mass_g_mol",),
        "mir_source": ("mir_g_g",),
        "koh_source": ("koh_cm3_s",),
        "equivalent_mass_source": ("equivalent_mass_g_eq",),
        "hj212_source": ("hj212_code",),
    }
    for source, figures in sourced.items():
        if _has_any(row, *figures) and not row.cells[source]:
            row.fail(source, f"where {' and '.join(figures)} comes from")


def _has_any(row: _Row, *columns: str) -> bool:
    return any(row.cells[column] for column in columns)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
