"""Tables without columns that say nothing: the same in every row, or no value at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

    from analysis.report.city.document import ReportTable


def without_repeated(table: ReportTable, key: str) -> ReportTable:
    """The table without the column ``key`` where every row has the same cell in it."""
    place = [column.key for column in table.columns].index(key)
    return table if len({row.cells[place] for row in table.rows}) > 1 else _without(table, {place})


def without_empty(table: ReportTable) -> ReportTable:
    """The table without the columns in which every cell is missing."""
    return _without(
        table, {place for place in range(len(table.columns)) if all(row.cells[place] is None for row in table.rows)}
    )


def _without(table: ReportTable, places: Collection[int]) -> ReportTable:
    kept = [place for place in range(len(table.columns)) if place not in places]
    return msgspec.structs.replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(msgspec.structs.replace(row, cells=tuple(row.cells[place] for place in kept)) for row in table.rows),
    )
