"""Factorisation of samples in files: concentrations and uncertainties as comma or tab separated text."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import pandas as pd

from analysis.receptor.pmf import PmfInputError

if TYPE_CHECKING:
    from pathlib import Path

_TIME_FORMS = ("ISO8601", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M", "%m/%d/%y")
_MISSING_WORDS = {"", "na", "nan"}


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
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        msg = f"{path}: {why}"
        raise PmfInputError(msg) from error
    lines = text.splitlines()
    separator = "\t" if lines and "\t" in lines[0] else ","
    rows = [
        (number, row)
        for number, row in enumerate(csv.reader(lines, delimiter=separator), 1)
        if any(map(str.strip, row))
    ]
    if len(rows) < 2 or len(rows[0][1]) < 2:  # noqa: PLR2004 - a header and a sample, a time and a species
        msg = f"{path}: a header and samples are needed, with a time and species separated by commas or tabs"
        raise PmfInputError(msg)
    names = [name.strip() for name in rows[0][1]]
    values = [_numbers(path, number, row, names) for number, row in rows[1:]]
    times = pd.Index([row[0].strip() for _, row in rows[1:]], name=names[0])
    return pd.DataFrame(values, index=times, columns=names[1:])


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
    text = frame.index.to_series()
    for form in _TIME_FORMS:
        moments = pd.to_datetime(text, format=form, utc=True, errors="coerce")
        if moments.notna().all():
            return frame.set_axis(pd.DatetimeIndex(moments, name=frame.index.name))
    iso = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    msg = (
        f"time {text[iso.isna().to_numpy()].iloc[0]!r}: expected 2026-11-22, 2026-11-22T08:00 or 11/22/2026 08:00 "
        "in every sample; for blocks that need no times give a number of samples"
    )
    raise PmfInputError(msg)


def _numbers(path: Path, number: int, row: list[str], names: list[str]) -> list[float]:
    if len(row) != len(names):
        msg = f"{path}, line {number}: {len(row)} columns, the header has {len(names)}"
        raise PmfInputError(msg)
    return [_number(path, number, name, cell) for name, cell in zip(names[1:], row[1:], strict=True)]


def _number(path: Path, number: int, name: str, cell: str) -> float:
    text = cell.strip()
    if text.lower() in _MISSING_WORDS:
        return math.nan
    try:
        return float(text.replace("_", "?"))
    except ValueError:
        msg = f"{path}, line {number}, {name}: {text!r} is no number"
        raise PmfInputError(msg) from None
