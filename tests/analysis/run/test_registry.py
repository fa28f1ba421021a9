"""The registry of enterprises of the settings: read once, and again after a change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from analysis.case.registry import EnterpriseError
from analysis.run.receptor.registry import load_registry
from tests.analysis.case.test_registry import ENTRY

if TYPE_CHECKING:
    from pathlib import Path


def test_a_registry_is_read_again_only_after_the_file_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "enterprises.toml"
    path.write_text(ENTRY, encoding="utf-8")
    first = load_registry(path)
    assert load_registry(path) is first
    path.write_text(ENTRY.replace("Works", "Mill."), encoding="utf-8")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))
    assert load_registry(path).enterprises[0].name_en == "Mill."


def test_a_registry_that_became_wrong_or_absent_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "enterprises.toml"
    path.write_text(ENTRY, encoding="utf-8")
    load_registry(path)
    path.write_text("enterprise = 1", encoding="utf-8")
    with pytest.raises(EnterpriseError, match="expected one"):
        load_registry(path)
    path.unlink()
    with pytest.raises(EnterpriseError, match="cannot be read"):
        load_registry(path)
