from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from store.settings import SettingsError, SharedSettings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNPRIVILEGED = 65_534


@contextmanager
def unprivileged() -> Iterator[None]:
    """Nothing to do but for root, who may read everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(_UNPRIVILEGED)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_settings_file_that_may_not_be_read_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.env"
    path.write_text("SKYGROUND_ZONE=UTC\n")
    path.chmod(0)
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path))
    with (
        unprivileged(),
        pytest.raises(SettingsError, match=r"settings.env cannot be read: Permission denied; .*RUN_DIR"),
    ):
        load_settings(SharedSettings)


def test_a_settings_file_that_is_no_text_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.env").write_bytes(b"SKYGROUND_ZONE=\xff")
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match=r"settings.env cannot be read: .*utf-8.*UTF-8"):
        load_settings(SharedSettings)
