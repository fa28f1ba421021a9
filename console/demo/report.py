"""What the demo counts, and which figures are as they should be."""

from __future__ import annotations

import email
import email.policy
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """The figures of one run.

    Attributes
    ----------
    messages, readings : int
        Published and acknowledged by the broker.
    values_stored : int
        Read back from the time-series database.
    quarantined : int
        Things refused with a reason.
    lost : int
        What no reason explains; must be 0.
    hours, flags, alerts, mails : int
        Hourly values made, flags given, alerts raised, mails delivered.
    seconds : float
        From the first started part to the last mail.
    mails_real, mails_plume : int
        Mails about the real data set's station and about those under the simulated plume.
    story : dict of str to str
        Parts of the story (`console.demo.story`): empty where found and named, else what is missing.
    cases, cases_right : int
        Staged events with a case file that was compared with the truth (`console.demo.case_check`), and those whose first line is
        right. The rest could not be told from the data, which the case file says, or is wrong.
    reports : int
        Published, of a place in a language each.
    cases_wrong : tuple of str
        Wrong answers, each a fault.
    pages_wrong : tuple of str
        Pages of the console that failed (`console.demo.page_check`).
    alert_cases : dict of str to int
        Cases of the alerts by kind and state.
    mail_after_s : float or None
        From the reading to the first mail about the accident [s]; None: the watch had not caught up by then.
    alerts_wrong : tuple of str
        Staged events whose case or mails are wrong (`console.demo.alert_check`).
    """

    messages: int
    readings: int
    values_stored: int
    quarantined: int
    lost: int
    hours: int
    flags: int
    alerts: int
    mails: int
    seconds: float
    mails_real: int
    mails_plume: int
    story: dict[str, str]
    cases: int = 0
    cases_right: int = 0
    cases_wrong: tuple[str, ...] = ()
    reports: int = 0
    pages_wrong: tuple[str, ...] = ()
    alert_cases: dict[str, int] = field(default_factory=dict)
    mail_after_s: float | None = None
    alerts_wrong: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain figures, for one line of JSON."""
        return asdict(self)

    def faults(self) -> list[str]:
        """Figures that differ from the expected ones; empty without any."""
        wrong = [f"lost {self.lost}, expected 0"] if self.lost else []
        wanted = ("messages", "readings", "values_stored", "hours", "flags", "alerts", "mails", "reports")
        wrong += [f"{name} {getattr(self, name)}, expected more than 0" for name in wanted if getattr(self, name) <= 0]
        if not self.mails_real:
            wrong.append("no alert mail caused by the real data set")
        if not self.mails_plume:
            wrong.append("no alert mail caused by the simulated plume")
        if not self.cases_right:
            wrong.append("no case file whose first line is right by the truth log")
        wrong += [*self.cases_wrong, *self.pages_wrong, *self.alerts_wrong]
        wrong += [f"{name}: {words}" for name, words in self.story.items() if words]
        return wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMail:
    """A mail in the Maildir; ``text`` is its plain-text part, ``received_at`` (UTC) when the mail server took it."""

    subject: str
    recipient: str
    text: str
    received_at: datetime


def read_mails(maildir: Path) -> list[DemoMail]:
    """Every mail in a Maildir, in the order of their names."""
    return [_read(path) for path in sorted([*maildir.glob("new/*"), *maildir.glob("cur/*")])]


def mails_in(maildir: Path) -> list[str]:
    """Text of every mail in a Maildir: subject, then the plain-text part."""
    return [f"{item.subject}\n{item.text}" for item in read_mails(maildir)]


def _read(path: Path) -> DemoMail:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    return DemoMail(
        subject=str(message["subject"]),
        recipient=parseaddr(str(message["to"]))[1],
        text=body.get_content() if body else "",
        received_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )


def count_mentions(texts: list[str], station_ids: set[str]) -> int:
    """Number of mails that name any of the stations."""
    return sum(any(station in text for station in station_ids) for text in texts)
