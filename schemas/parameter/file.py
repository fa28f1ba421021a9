"""Reads the registry of parameters strictly: one line a parameter, a wrong cell is an error that names it."""

from __future__ import annotations

import csv
import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.parameter.type import COLUMNS, AveragingMethod, Parameter, ParameterGroup, RegistryError
from schemas.table_row import TableRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from enum import StrEnum
    from pathlib import Path

_NETWORK_CODES = frozenset(code.value for code in NetworkCode)
_CODE_LENGTH = 64
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_HJ212_CODE = re.compile(r"[a-z][0-9]{5}")
_CAS = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")


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


class _Row(TableRow):
    """One line of the registry; its readers raise `RegistryError` for a wrong cell."""

    __slots__ = ()
    error = RegistryError

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
    if not _NETWORK_CODES.issuperset(row.words("networks")):
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
    # A source without a figure is allowed: it states why there is none.
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
