"""Failing steps of the watch become an operation alert, sent by mail or by the standby channel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from alerts.channels.standby import StandbyError, post_standby
from alerts.run.operation import raise_operation, resolve_operation
from alerts.wording import time_text, word
from schemas.alert import Severity
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings

STEPS = ("stream", "evaluate", "baselines", "cases", "clock", "deliver", "replies", "configuration")
FAILING_AFTER = timedelta(minutes=5)
REPORT_AGAIN = timedelta(hours=1)
_log = structlog.get_logger(__name__)


class Failing:
    """Failing steps: since when, and when last reported."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._reported: dict[str, datetime] = {}
        self._sound: set[str] = set()

    def note(self, settings: AlertSettings, rules: AlertRules, errors: Mapping[str, str], now: datetime) -> None:
        """Note the outcome of a round, and alarm what has failed for `FAILING_AFTER`."""
        for step in STEPS:
            if step not in errors:
                self._end(settings, step, now)
                continue
            self._sound.discard(step)
            since = self._since.setdefault(step, now)
            reported = self._reported.get(step)
            if now - since >= FAILING_AFTER and (reported is None or now - reported >= REPORT_AGAIN):
                self._reported[step] = now
                _alarm(settings, rules, step, errors[step], since, now)

    def _end(self, settings: AlertSettings, step: str, now: datetime) -> None:
        """End the alert of a step that works: also one that an earlier process has raised."""
        self._since.pop(step, None)
        self._reported.pop(step, None)
        if step in self._sound:
            return
        try:
            resolve_operation(settings, key=_key(step), now=now)
        except StoreError as error:
            _log.warning("watch_alarm_not_ended", step=step, detail=str(error))
        else:
            self._sound.add(step)


def _alarm(  # noqa: PLR0917 - what fails, how and since when
    settings: AlertSettings, rules: AlertRules, step: str, detail: str, since: datetime, now: datetime
) -> None:
    zone = settings.stations.timezone
    texts = {
        language: word(
            "watch_failing",
            language,
            since=time_text(since, zone, language),
            step=word(f"step_{step}", language),
            detail=detail,
        )
        for language in ("zh", "en")
    }
    _log.error("watch_failing", step=step, since=since, detail=detail)
    try:
        raise_operation(
            settings,
            key=_key(step),
            titles=(_title(step, "zh"), _title(step, "en")),
            detail="\n".join(texts.values()),
            severity=Severity.CRITICAL,
            now=now,
            rules=rules,
        )
        if step != "deliver":  # the operation alert is mailed
            return
    except StoreError as error:
        _log.warning("watch_alarm_not_stored", step=step, detail=str(error))
    try:
        post_standby(settings, event="watch_failing", text=texts[settings.language], now=now, step=step, detail=detail)
    except StandbyError as error:
        _log.error("standby_dead", event_told="watch_failing", detail=str(error))


def _title(step: str, language: str) -> str:
    return word("watch_title", language, step=word(f"step_{step}", language))


def _key(step: str) -> str:
    return f"watch/{step}"
