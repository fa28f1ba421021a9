"""Products of co-analysis for ``skyground export --product``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.export_table import names_all, write_tables

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.archive.option import ExportFormat, ProductKind
    from store.archive.provenance import Provenance
    from store.settings import SharedSettings


def write_coanalysis(
    product: ProductKind,
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Write the file of a product; returns its rows, and how many series they are of."""
    from analysis.run.coanalysis.export import TABLES, ExportScope

    _, ids, start, end = what
    form = TABLES[product]
    table = form.read(settings, ExportScope(settings.stations.timezone, ids, names_all(settings, ids), start, end))
    if table.empty:
        return 0, 0
    write_tables(where, iter([table]), dict(form.units))
    return len(table), int(table[form.series].nunique())
