"""Memory of processes, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


def resident_bytes(pid: int | str = "self", *, peak: bool = False) -> int:
    """Resident memory of a process, or the highest it has had [B]; 0 of one that has ended.

    Parameters
    ----------
    pid : int or str
        ``self`` is this process.
    peak : bool

    References
    ----------
    proc_pid_status(5), ``VmRSS`` and ``VmHWM``.
    """
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1_024 for line in lines if line.startswith(name)), 0)
