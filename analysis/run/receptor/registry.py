"""Reads the registry of enterprises that the settings name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from analysis.case.registry import EnterpriseError, parse_registry
from schemas.text_file import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.case.registry import Registry
    from store.settings import SharedSettings


def load_registry(path: Path) -> Registry:
    """Read a registry; again only after the file has changed, as each round of alerts asks for it.

    Raises
    ------
    analysis.case.registry.EnterpriseError
        Also where the file cannot be read.
    """
    try:
        state = path.stat()
    except OSError as error:
        msg = f"{path}: cannot be read: {error}"
        raise EnterpriseError(msg) from error
    return _registry(path, (state.st_mtime_ns, state.st_size, state.st_ino))


@lru_cache(maxsize=2)
def _registry(path: Path, _version: tuple[int, int, int]) -> Registry:
    return parse_registry(read_text(path, EnterpriseError), str(path))


def registry_of(settings: SharedSettings) -> Registry | None:
    """Registry that the settings name; None where they name none. Raises as `load_registry`."""
    return None if settings.enterprises is None else load_registry(settings.enterprises)
