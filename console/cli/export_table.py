"""Writes the tables of a product to a file of CSV or Parquet."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from store.archive.option import ExportFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from store.archive.provenance import Provenance
    from store.settings import SharedSettings


def write_tables(
    where: tuple[Path, ExportFormat, Provenance], tables: Iterator[pd.DataFrame], units: dict[str, str]
) -> None:
    """Write tables one after the other, with the unit of each column; without any, no file is written."""
    from store.archive.archive import write_csv, write_parquet

    output, form, origin = where
    first = next(tables, None)
    if first is not None:
        write = write_csv if form is ExportFormat.CSV else write_parquet
        write(output, chain([first], tables), origin, units)


def names_all(settings: SharedSettings, ids: list[str]) -> bool:
    """Whether no station is left out: cities are exported too."""
    return set(ids) >= {item.id for item in settings.stations.station_list}
