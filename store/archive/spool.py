"""An export of any length in bounded memory: its tables wait on disk until every column is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from schemas.flag import Flag
from schemas.frames import FLAG, HOURLY_COUNTS, REVIEW, STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Spool:
    """Tables of `store.archive.archive.long_table`, part after part.

    Parameters
    ----------
    directory : Path
        Where they wait; the caller removes it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0
        self._columns: dict[str, None] = {}

    def add(self, table: pd.DataFrame) -> None:
        """Keep one more table; raises `OSError` where there is no room."""
        table.to_parquet(self._directory / f"{self._count}.parquet", index=False)
        self._columns |= dict.fromkeys(map(str, table))
        self._count += 1

    def tables(self) -> Iterator[pd.DataFrame]:
        """All of them, in their order, each with the columns of all."""
        for number in range(self._count):
            yield _fitted(pd.read_parquet(self._directory / f"{number}.parquet"), list(self._columns))


def _fitted(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    added = {name: _absent(name, len(table)) for name in columns if name not in table}
    return pd.concat([table, pd.DataFrame(added, index=table.index)], axis=1)[columns]


def _absent(name: str, count: int) -> pd.Series:
    """A column of a parameter that a part has no value of, as `store.archive.archive.long_table` fills it."""
    if name.endswith(STATUS):
        return pd.Series([None] * count, dtype=object)
    if name.endswith((*HOURLY_COUNTS, REVIEW)):
        value = int(Flag.MISSING) if name.endswith(FLAG) else 0
        return pd.Series(value, index=range(count), dtype="int8" if name.endswith((FLAG, REVIEW)) else "int64")
    return pd.Series(float("nan"), index=range(count))
