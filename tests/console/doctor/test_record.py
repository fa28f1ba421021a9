from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.doctor.diagnosis import PartName
from console.doctor.examine import examine
from console.local.settings import LocalSettings
from console.local.supervisor import PartError, Supervisor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("url", ["nonsense", "oracle://host/db", "sqlite:////dev/null/state.sqlite"])
def test_a_state_url_that_cannot_be_used_has_its_repair_and_hides_nothing_else(tmp_path: Path, url: str) -> None:
    settings = LocalSettings(run_dir=tmp_path, state_url=url)
    found = {each.component: each for each in examine(settings, PartName.COLLECTOR)}
    assert "GiB free" in found["disk"].detail
    assert not found["state"].ok
    assert "SKYGROUND_STATE_URL" in found["state"].detail
    assert found["state"].repair == "correct SKYGROUND_STATE_URL, its user or its rights"


def test_a_run_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        PartError, match=r"supervisord\.conf cannot be written: Not a directory; correct SKYGROUND_RUN_DIR"
    ):
        Supervisor(LocalSettings(run_dir=tmp_path / "file"), {}).ensure()
