"""Delivery of the notices of cases, and the state of the mail channel.

A notice is claimed by exactly one worker; its message states the case as it is at that moment. Several processes may do so at once.
"""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.channels import email
from alerts.channels.outage import is_check_due, mail_state, note_mail
from alerts.people.file import people_of
from alerts.people.person import MAIL
from alerts.rules.rules import load_rules
from alerts.run.link_key import load_link_key
from alerts.run.stores import open_state, open_stores
from alerts.settings import alert_settings

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.channels.outage import MailState
    from alerts.people.people import People
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings
    from store.settings import SharedSettings


def deliver(
    settings: SharedSettings, now: datetime, rules: AlertRules | None = None, people: People | None = None
) -> int:
    """Deliver what is due, each notice by exactly one worker.

    Nothing is claimed while the mail server does not answer, so that an outage of any length costs no attempt: the
    messages are sent in the first round after it, and state the cases as they are then. An outage is logged, counted, shown by the
    console and posted to the standby channel.

    Parameters
    ----------
    now : datetime
        Aware; for ages and the mails' date.
    rules : AlertRules or None
        None: those of the file.
    people : People or None
        None: those of the file.

    Returns
    -------
    int
        Messages handed over.
    """
    own = alert_settings(settings)
    with open_stores(own) as (influx, state):
        due = state.notices.list_due(now)
        is_mail_due = any(channel == MAIL for _, channel in due)
        if not due and not is_check_due(state, now):
            return 0
        error = _mail_error(own) if is_mail_due or is_check_due(state, now) else None
        ready = [item for item in due if item[1] != MAIL or error is None]
        backlog = state.notices.backlog(MAIL, now=now, failed_since=now)
        sent = 0
        if ready:
            # drawing, templates and analysis take seconds to import: paid by the first message, not by each start
            from alerts.mail.evidence.series import Sources
            from alerts.run.mail.collect import CaseReader
            from alerts.run.mail.send import SendRound

            chosen = load_rules(own.rules) if rules is None else rules
            known = people_of(own) if people is None else people
            sources = Sources(influx, state, own.stations, chosen, own.console_url, now)
            reader = CaseReader(sources, known, load_link_key(own), timedelta(hours=own.remind_after_h))
            done = SendRound(reader, own, _worker()).send(ready)
            sent, error = done.sent, error or done.mail_error
        if is_mail_due or error is not None or is_check_due(state, now):
            note_mail(state, own, error, backlog, now)
        return sent


def _mail_error(own: AlertSettings) -> str | None:
    """Why the mail server cannot be used; None where it can."""
    try:
        email.check(own)
    except email.DeliveryError as error:
        return str(error)
    return None


def read_mail_state(settings: SharedSettings, now: datetime) -> MailState:
    """State of mail delivery: the last answer of the server, and the backlog."""
    with open_state(settings) as state:
        return mail_state(state, now)


def _worker() -> str:
    """A name no other worker has, also not a thread of this process."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
