from __future__ import annotations

from typing import TYPE_CHECKING

from console.doctor.machine import check_restore
from console.local.settings import LocalSettings
from store.backup.restore import STAGING

if TYPE_CHECKING:
    from pathlib import Path


def test_a_restore_that_was_interrupted_is_reported_with_the_command_that_repeats_it(tmp_path: Path) -> None:
    settings = LocalSettings(run_dir=tmp_path)
    assert check_restore(settings).ok
    (tmp_path / STAGING).mkdir()
    found = check_restore(settings)
    assert not found.ok
    assert "skyground restore DIR --force" in found.repair
