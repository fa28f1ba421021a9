"""Rules and network file of a long-running process: reloaded when they change, kept when the new ones are invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from alerts.rules.idle import idle_rules
from alerts.rules.rules import RulesFileError, load_rules
from schemas.network.file import NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings

_log = structlog.get_logger(__name__)
_Stamp = tuple[tuple[int, int] | None, ...]


class Configuration:
    """The settings with their network, and the rules, as they were last in order.

    Parameters
    ----------
    settings : AlertSettings

    Raises
    ------
    alerts.rules.rules.RulesFileError, schemas.network.file.NetworkFileError
        At the start only.
    """

    def __init__(self, settings: AlertSettings) -> None:
        self.settings = settings
        self._stamp = self._look()
        self.rules: AlertRules = load_rules(settings.rules)
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
            rules, _ = load_rules(settings.rules), settings.stations
        except (RulesFileError, NetworkFileError) as error:
            self._problem = str(error)
            return self._problem
        self.settings, self.rules, self._problem = settings, rules, None
        _log.info("configuration_taken_up", rules=len(rules.items), stations=len(settings.stations.stations))
        self._warn()
        return None

    def _warn(self) -> None:
        for name, why in idle_rules(self.rules, self.settings.stations, only_patterns=True):
            _log.warning("rule_can_never_fire", rule=name, reason=why)

    def _look(self) -> _Stamp:
        return tuple(_stamp(path) for path in (self.settings.rules, self.settings.network))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
