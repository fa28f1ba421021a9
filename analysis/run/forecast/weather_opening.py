"""Opens files of weather forecasts in a process of their own first: a damaged HDF5 file can hold or end the process that opens it.

The process is `sensors.weather_forecast.opening`.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from sensors.weather_forecast.error import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from schemas.reason import Reason

LIMIT_S = 60.0
"""Longest time in which the files of a run are opened, however many: without a next one in it, the one that is open is refused [s]."""
_HDF5 = b"\x89HDF"
_CHILD = ("-m", "sensors.weather_forecast.opening")


def opened(files: Sequence[Path], *, limit_s: float = LIMIT_S) -> tuple[list[Path], list[Reason]]:
    """Files that can be opened, and why others are refused.

    Parameters
    ----------
    files : sequence of Path
        Those that are not HDF5 are taken as they are: their readers are not native code that may hang.
    limit_s : float
        [s]

    Returns
    -------
    files : list of Path
        In their order. A file that is refused for what it holds is among them: its reader says why.
    refused : list of Reason
    """
    asked = [path for path in files if _is_hdf5(path)]
    bad: dict[Path, Reason] = {}
    while asked:
        count, is_stuck = _open_all(asked, limit_s)
        if count < len(asked):
            path = asked[count]
            bad[path] = refusal(path.name, "stuck", limit=limit_s) if is_stuck else refusal(path.name, "crash")
        asked = asked[count + 1 :]
    return [path for path in files if path not in bad], list(bad.values())


def _open_all(files: Sequence[Path], limit_s: float) -> tuple[int, bool]:
    """How many files were opened in order, and whether time ran out at the next one."""
    command = [sys.executable, *_CHILD, *map(str, files)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as error:
        return _count(error.stdout), True
    return _count(done.stdout), False


def _count(printed: bytes | None) -> int:
    return len((printed or b"").splitlines())


def _is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_HDF5)) == _HDF5
    except OSError:
        return False
