"""The people file as pages read it: again when it has changed, and as it was while a changed one is wrong."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from alerts.people.file import PeopleFileError, people_of
from alerts.settings import alert_settings

if TYPE_CHECKING:
    from alerts.people.people import People
    from alerts.settings import AlertSettings
    from store.settings import SharedSettings

_log = structlog.get_logger(__name__)


class PeopleReader:
    """Persons, teams and roster of an installation.

    Attributes
    ----------
    problem : str
        Why the file as it is now cannot be used; empty where it can.
    """

    def __init__(self, settings: SharedSettings) -> None:
        self.problem = ""
        self._shared = settings
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._people: People | None = None

    @cached_property
    def settings(self) -> AlertSettings:
        """Settings of the alerts."""
        return alert_settings(self._shared)

    def read(self) -> People:
        """The people; without a usable file at the start those of ``mail_to``."""
        with self._lock:
            stamp = self._look()
            if self._people is None or stamp != self._stamp:
                self._stamp = stamp
                self._people = self._read_again()
            return self._people

    def _read_again(self) -> People:
        try:
            found = people_of(self.settings)
        except PeopleFileError as error:
            self.problem = str(error)
            _log.warning("people_file_cannot_be_used", detail=self.problem)
            without = self.settings.model_copy(update={"people": None})
            return self._people or people_of(without)
        self.problem = ""
        return found

    def _look(self) -> tuple[int, int] | None:
        path = self.settings.people
        try:
            found = path.stat() if path is not None else None
        except OSError:
            return None
        return None if found is None else (found.st_mtime_ns, found.st_size)
