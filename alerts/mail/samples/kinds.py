"""The made-up cases by the name of their kind of mail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.mail.samples import air, other
from alerts.mail.samples.material import ZONE
from alerts.mail.view.case_mail import DigestMail

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from alerts.mail.view.case_mail import CaseMail

KINDS: dict[str, Callable[[datetime, str], CaseMail]] = {
    "opened": air.opened,
    "raised": air.raised,
    "regional": air.regional,
    "escalated": air.escalated,
    "amended": air.amended,
    "withdrawn": air.withdrawn,
    "moved": air.moved,
    "ended": air.ended,
    "ended_late": air.ended_late,
    "forecast": air.forecast,
    "line": other.line,
    "fault": other.fault,
    "silent": other.silent,
    "system": other.system,
    "gamma": other.gamma,
    "warning": other.warning,
}
"""Kinds of mail about one case; a digest holds several."""
DIGEST = "digest"


def sample_mail(kind: str, now: datetime, console_url: str) -> CaseMail:
    """A made-up case.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    now : datetime
        When the mail is sent, aware; the data are of the hours before.
    console_url : str
        Without a slash at its end.

    Raises
    ------
    KeyError
        There is no such kind.
    """
    return KINDS[kind](now, console_url.rstrip("/"))


def sample_digest(now: datetime, console_url: str) -> DigestMail:
    """A made-up digest: two open cases and one that is over."""
    cases = tuple(sample_mail(kind, now, console_url) for kind in ("regional", "line", "ended"))
    return DigestMail(
        since=now - timedelta(hours=10), now=now, zone=ZONE, page=f"{console_url.rstrip('/')}/alerts", cases=cases
    )
