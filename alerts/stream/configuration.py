"""Rules, network and people file of a long-running process: reloaded when they change, kept when the new ones are invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from alerts.people.file import PeopleFileError, people_of
from alerts.rules.idle import idle_rules
from alerts.rules.rules import RulesFileError, load_rules
from alerts.stream.roster import RosterReport
from schemas.network.file import NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.people.people import People
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings

_log = structlog.get_logger(__name__)
_Stamp = tuple[tuple[int, int] | None, ...]


class Configuration:
    """The settings with their network, the rules, and the people, as they were last in order.

    Parameters
    ----------
    settings : AlertSettings

    Attributes
    ----------
    generation : int
        Counts up with every change that was taken up.

    Raises
    ------
    alerts.rules.rules.RulesFileError, alerts.people.file.PeopleFileError, schemas.network.file.NetworkFileError
        At the start only.
    """

    def __init__(self, settings: AlertSettings) -> None:
        self.settings = settings
        self.generation = 0
        self._stamp = self._look()
        self.rules: AlertRules = load_rules(settings.rules)
        self.people: People = people_of(settings)
        self.roster = RosterReport()
        self._problem: str | None = None
        self._warn()

    def refresh(self) -> str | None:
        """Take up changed files; why they cannot be used, or None."""
        stamp = self._look()
        if stamp == self._stamp:
            return self._problem
        self._stamp = stamp
        # the network file is read once by a settings object, so a changed one needs another
        settings = type(self.settings)(**self.settings.model_dump())
        try:
            rules, people, _ = load_rules(settings.rules), people_of(settings), settings.stations
        except (RulesFileError, PeopleFileError, NetworkFileError) as error:
            self._problem = str(error)
            return self._problem
        self.settings, self.rules, self.people, self._problem = settings, rules, people, None
        self.generation += 1
        _log.info("configuration_taken_up", rules=len(rules.items), stations=len(settings.stations.stations))
        self._warn()
        return None

    def _warn(self) -> None:
        for name, why in idle_rules(self.rules, self.settings.stations, only_patterns=True):
            _log.warning("rule_can_never_fire", rule=name, reason=why)

    def _look(self) -> _Stamp:
        files = (self.settings.rules, self.settings.network, self.settings.people)
        return tuple(None if path is None else _stamp(path) for path in files)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
