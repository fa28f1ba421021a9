"""One line of a table in a text file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TableRow:
    """Cells of a line by column; a wrong one raises ``error``, which a subclass names."""

    error: ClassVar[type[Exception]] = ValueError

    path: Path
    line: int
    cells: Mapping[str, str]

    def fail(self, column: str, expected: str) -> NoReturn:
        """Raise ``error`` with the place of a cell, the cell and what was expected."""
        msg = f"{self.path.name}, line {self.line}, column {column}: {self.cells.get(column)!r}, expected {expected}"
        raise self.error(msg)
