"""Reads the registry of enterprises that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.case.registry import EnterpriseError, parse_registry
from schemas.text_file import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.case.registry import Registry
    from store.settings import SharedSettings


def load_registry(path: Path) -> Registry:
    """Read a registry; raises `analysis.case.registry.EnterpriseError`, also where the file cannot be read."""
    return parse_registry(read_text(path, EnterpriseError), str(path))


def registry_of(settings: SharedSettings) -> Registry | None:
    """Registry that the settings name; None where they name none. Raises as `load_registry`."""
    return None if settings.enterprises is None else load_registry(settings.enterprises)
