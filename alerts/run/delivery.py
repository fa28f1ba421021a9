"""Delivery of waiting mails, and the state of the mail channel.

Several processes may do so at once: a transition is claimed by exactly one worker before it is mailed.
"""

from __future__ import annotations

import os
import socket
import uuid
from typing import TYPE_CHECKING

from alerts.channels import email
from alerts.channels.outage import is_check_due, mail_state, note_mail
from alerts.rules.rules import load_rules
from alerts.run.stores import open_state, open_stores
from alerts.settings import alert_settings
from store.state.alerts.delivery import EMAIL

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.channels.outage import MailState
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings
    from store.settings import SharedSettings


def deliver(settings: SharedSettings, now: datetime, rules: AlertRules | None = None) -> int:
    """Deliver waiting mails, each transition by exactly one worker.

    Nothing is claimed while the mail server does not answer, so that an outage of any length costs no attempt: the
    mails are sent in the first round after it. An outage is logged, counted, shown by the console and posted to the standby channel.

    Parameters
    ----------
    now : datetime
        Aware; for ages and the mails' date.
    rules : AlertRules or None
        None: those of the file.

    Returns
    -------
    int
        Mails handed to the server.
    """
    own = alert_settings(settings)
    with open_stores(own) as (influx, state):
        backlog = state.deliveries.get_backlog(EMAIL, failed_since=now)
        if not backlog.waiting and not is_check_due(state, now):
            return 0
        sent, error = 0, _mail_error(own)
        if error is None and backlog.waiting:
            # drawing, templates, analysis and verdicts take seconds to import: paid by the first mail, not by each start
            from alerts.mail.deliver import deliver_round
            from alerts.mail.evidence import verdict_rule_of
            from alerts.mail.series import Sources

            chosen = load_rules(own.rules) if rules is None else rules
            sources = Sources(influx, state, own.stations, chosen, own.console_url, now, verdict_rule_of(own.network))
            sent, error = deliver_round(sources, own, worker=_worker(), now=now)
        note_mail(state, own, error if not sent else None, backlog, now)
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
