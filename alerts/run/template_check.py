"""Whether every kind of mail can be made: each sample, in the languages of the people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from alerts.channels.standby import StandbyError, post_standby
from alerts.wording import word

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.people.people import People
    from alerts.settings import AlertSettings

_log = structlog.get_logger(__name__)


def template_faults(people: People, console_url: str, now: datetime) -> list[str]:
    """Kind, language and error of every mail that cannot be made; takes seconds.

    Parameters
    ----------
    people : People
    console_url : str
    now : datetime
        Aware.
    """
    # drawing and templates take seconds to import: paid by this check, not by each start
    from alerts.mail.message import render
    from alerts.mail.sample import sample_views

    faults: list[str] = []
    for language in sorted({person.language for person in people.persons}):
        for kind, views in sample_views(now, console_url).items():
            try:
                render(views, language)
            except Exception as error:  # noqa: BLE001 - whatever a template raises, it is its fault
                faults.append(f"{kind} ({language}): {type(error).__name__}: {error}")
    return faults


def report_templates(settings: AlertSettings, people: People, now: datetime) -> None:
    """Log mails that cannot be made, and post them to the standby channel."""
    faults = template_faults(people, settings.console_url, now)
    if not faults:
        return
    detail = "; ".join(faults)
    _log.error("mail_templates_broken", detail=detail)
    text = word("templates_broken", settings.language, detail=detail)
    try:
        post_standby(settings, event="mail_templates_broken", text=text, now=now, detail=detail)
    except StandbyError as error:
        _log.error("standby_dead", event_reported="mail_templates_broken", detail=str(error))
