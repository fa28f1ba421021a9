"""A share of a processor for one program, by a control group of the kernel: the same machine, as if it had more cores.

On two cores one collector, the database and the broker already use nearly all there is, so two collectors cannot be faster than
one, whatever their design. Each held to a part of a core shows whether they share the load.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_US = 20_000
_V1 = Path("/sys/fs/cgroup/cpu")
_V2 = Path("/sys/fs/cgroup")


@contextmanager
def quota(name: str, cores: float) -> Iterator[Path | None]:
    """A control group that may use ``cores``; None where this user may not make one.

    Yields
    ------
    Path or None
        The file to which a process writes its number to be part of the group; its children follow.
    """
    directory = (_V1 if (_V1 / "cpu.cfs_quota_us").exists() else _V2) / f"skyground-bench-{os.getpid()}-{name}"
    try:
        directory.mkdir()
        _limit(directory, round(cores * PERIOD_US))
    except OSError:
        with suppress(OSError):
            directory.rmdir()
        yield None
        return
    try:
        yield directory / "cgroup.procs"
    finally:
        with suppress(OSError):  # a process of it that still ends
            directory.rmdir()


def _limit(directory: Path, quota_us: int) -> None:
    if (directory / "cpu.cfs_quota_us").exists():
        (directory / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (directory / "cpu.cfs_quota_us").write_text(str(quota_us))
    else:
        (directory / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
