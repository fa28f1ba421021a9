"""Other people's programs in environments of their own, under ``.cache/peers``, to be measured and compared with ours."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".cache" / "peers"
#: The libraries beneath are those of our own environment, so that only the programs differ.
IOOS_QC = ("ioos_qc==3.0.0", *(f"{name}=={version(name)}" for name in ("numpy", "scipy", "pandas")))
#: Words of pip and uv when there is no way to the registry.
_NO_WAY = ("error sending request", "dns error", "connection", "timed out", "network", "name resolution")


class PeerUnavailableError(RuntimeError):
    """The registry cannot be reached, so the peer's environment cannot be made here."""


def peer_python(name: str, *requirements: str) -> Path:
    """Interpreter of a peer's environment, made at first use and again when its requirements change.

    Parameters
    ----------
    name : str
        Of the folder.
    requirements : str
        With pinned versions.

    Raises
    ------
    PeerUnavailableError
        Without a way to the registry.
    RuntimeError
        If the installation fails otherwise.
    """
    PEERS.mkdir(parents=True, exist_ok=True)
    home = PEERS / name
    with (PEERS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = home / ".requirements", "\n".join(requirements)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            _install(home, requirements)
            stamp.write_text(wanted, encoding="utf-8")
    return home / "bin" / "python"


def _install(home: Path, requirements: tuple[str, ...]) -> None:
    """By uv where it is there, which is faster, else by pip."""
    python, own = str(home / "bin" / "python"), ROOT / ".cache" / "uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.exists() else None)
    if uv is not None:
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home))
        _run(uv, "pip", "install", "--quiet", "--python", python, *requirements)
        return
    _run(sys.executable, "-m", "venv", "--clear", str(home))
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        says = (done.stderr or done.stdout).strip()[-2_000:]
        kind = PeerUnavailableError if any(word in says.lower() for word in _NO_WAY) else RuntimeError
        msg = f"{' '.join(command[1:3])}: {says}"
        raise kind(msg)
