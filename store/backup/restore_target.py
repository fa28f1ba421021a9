"""Target of a restore, and what it already holds."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.backup import postgres
from store.backup.manifest import BackupFile, Section
from store.state import postgres as state_postgres
from store.state.database import StateDatabase, parse_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.state.database import DatabaseUrl


SETTINGS = "restored-settings"
"""Folder of the run directory that the settings of a backup are put into; they are not put in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTarget:
    """Where a backup is restored to: a run directory and the SQLAlchemy URL of a state database.

    With ``force`` what is there is moved aside; without, it is refused.
    """

    run_dir: Path
    state_url: str
    sections: frozenset[Section] = frozenset(Section)
    force: bool = False

    @property
    def rawlog(self) -> Path:
        """Directory of the raw log."""
        return self.run_dir / "rawlog"

    @property
    def settings(self) -> Path:
        """Folder of the settings."""
        return self.run_dir / SETTINGS

    @property
    def url(self) -> DatabaseUrl:
        """Parsed ``state_url``."""
        return parse_url(self.state_url)

    @property
    def state_file(self) -> Path | None:
        """File of a SQLite state."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None


def occupied(target: RestoreTarget, files: Sequence[BackupFile]) -> list[str]:
    """What is already where the files would go."""
    sections = {item.section for item in files}
    found: list[str] = []
    if Section.RAWLOG in sections and target.rawlog.is_dir() and any(target.rawlog.iterdir()):
        found.append(str(target.rawlog))
    if Section.SETTINGS in sections and target.settings.exists():
        found.append(str(target.settings))
    if Section.STATE in sections:
        found += _occupied_state(target)
    return found


def _occupied_state(target: RestoreTarget) -> list[str]:
    file = target.state_file
    if file is not None:
        return [str(file)] if file.exists() else []
    postgres.check_program("pg_restore")
    with closing(StateDatabase(target.state_url)) as database:
        return [] if state_postgres.is_empty(database) else [f"database {target.url.database}"]
