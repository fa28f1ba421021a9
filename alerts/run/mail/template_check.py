"""Whether every kind of mail can be made: each sample, in the languages of the people."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from alerts.channels.standby import StandbyError, post_standby
from alerts.wording import word

if TYPE_CHECKING:
    from collections.abc import Callable
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
    faults: list[str] = []
    for language in sorted({person.language for person in people.persons}):
        for kind, make in _mails(console_url, now, language).items():
            try:
                make()
            except Exception as error:  # noqa: BLE001 - whatever a template raises, it is its fault
                faults.append(f"{kind} ({language}): {type(error).__name__}: {error}")
    return faults


def _mails(console_url: str, now: datetime, language: str) -> dict[str, Callable[[], object]]:
    """How each kind of mail is made; pictures, which take a second each, of one case only."""
    # drawing and templates take seconds to import: paid by this check, not by each start
    from alerts.mail.frame.case_message import render_case
    from alerts.mail.frame.digest import render_digest
    from alerts.mail.samples.kinds import DIGEST, KINDS, sample_digest, sample_mail

    made: dict[str, Callable[[], object]] = {
        kind: partial(render_case, sample_mail(kind, now, console_url), language, "<check@skyground>", ())
        for kind in KINDS
    }
    made["pictures"] = partial(render_case, sample_mail("opened", now, console_url), language, "<check@skyground>")
    return made | {DIGEST: partial(render_digest, sample_digest(now, console_url), language)}


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
