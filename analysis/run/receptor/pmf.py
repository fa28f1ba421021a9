"""Factorisation of samples in files: concentrations and uncertainties as comma or tab separated text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.receptor.pmf import PmfInputError
from analysis.run.text_table import TextTableError, moments_of, read_table

if TYPE_CHECKING:
    from pathlib import Path


def read_samples(path: Path) -> pd.DataFrame:
    """Read one file of concentrations or of uncertainties.

    Parameters
    ----------
    path : Path
        First line: names; first column: time, kept as text. Separated by tabs where the first line has one, else by commas.
        Blank, NA and NaN are missing; -999 stays, the factorisation takes it as missing.

    Returns
    -------
    DataFrame, (sample, species)
        Indexed by the text of the time.

    Raises
    ------
    PmfInputError
        If it cannot be read; the message names file, line and column.
    """
    try:
        table = read_table(path)
        if not table.rows or len(table.names) < 2:  # noqa: PLR2004 - a time and a species
            msg = f"{path}: a header and samples are needed, with a time and species separated by commas or tabs"
            raise PmfInputError(msg)
        columns = {name: table.numbers(name) for name in table.names[1:]}
    except TextTableError as error:
        raise PmfInputError(str(error)) from error
    first = table.names[0]
    return pd.DataFrame(columns, index=pd.Index(table.texts(first), name=first))


def with_moments(frame: pd.DataFrame) -> pd.DataFrame:
    """Samples indexed by moments in place of the text of their times.

    Parameters
    ----------
    frame : DataFrame
        From `read_samples`. Times as 2026-11-22, 2026-11-22T08:00[+08:00] or, as in the files of EPA PMF, 11/22/2026 [08:00].

    Returns
    -------
    DataFrame
        UTC; a time without an offset is taken as UTC, which matters only for where a day begins.

    Raises
    ------
    PmfInputError
        If a time has another form; the message names it.
    """
    moments = moments_of([str(item) for item in frame.index])
    if not (wrong := moments.isna()).any():
        return frame.set_axis(moments.rename(frame.index.name))
    msg = (
        f"time {frame.index[wrong][0]!r}: expected 2026-11-22, 2026-11-22T08:00 or 11/22/2026 08:00 "
        "in every sample; for blocks that need no times give a number of samples"
    )
    raise PmfInputError(msg)
