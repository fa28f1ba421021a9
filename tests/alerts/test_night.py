"""A night as the roster has it, from the first mail to the resolution: real broker, collector, stream, mail server and mailbox.

Readings arrive as they do in service. The clock of the roster runs ahead of them, so that a night takes seconds: the first person does not
answer, the shift changes, the next one does not answer either, the leader takes the case by a reply, the values fall, all three
are notified of the end, and the leader states the cause.
"""

from __future__ import annotations

import imaplib
import tempfile
import threading
import uuid
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from pydantic import SecretStr

from alerts.case.action import ActionRequest, CaseAction, ResolveCause
from alerts.case.steps import PAUSE
from alerts.delivery.reply import ReplyFault
from alerts.people.file import people_of
from alerts.run.case_action import act
from alerts.run.reply import ReplyReader
from alerts.run.round import hand_out
from alerts.stream.configuration import Configuration
from alerts.stream.thread import StreamThread
from ingest.mqtt import Publisher
from ingest.process.settings import Broker, CollectorSettings
from schemas.alert_case import CaseKind, CaseState, StepKind
from tests import servers
from tests.alerts.run.test_job import changed, mails
from tests.alerts.stream.feed import COMMON
from tests.alerts.stream.test_core import NATIVE
from tests.ingest.conftest import Collector
from tests.ingest.program import running, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase
    from store.state import StateStore

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.usefixtures("influx")]
MINUTE = timedelta(minutes=1)
RULE_WORDS = {
    "甲": "PM2.5 读数超过 150 µg/m³",
    "A": "PM2.5 reading above 150 µg/m³",
    "乙": "核实仪器与上风向源",
    "B": "Check the instrument and the sources upwind",
}
ZONE = ZoneInfo("Asia/Shanghai")
DESK, WORD = "desk", "open-sesame"
CHANGE_AFTER_MIN = 10
"""The shift changes so long after the begin of the test [min]."""
PEOPLE = """
zone = "Asia/Shanghai"
fallback_team = "duty"
[[person]]
id = "li-na"
name_zh = "李娜"
name_en = "Li Na"
mail = "li.na@example.org"
language = "zh"
[[person]]
id = "wang-wei"
name_zh = "王伟"
name_en = "Wang Wei"
mail = "wang.wei@example.org"
language = "zh"
[[person]]
id = "zhao-min"
name_zh = "赵敏"
name_en = "Zhao Min"
mail = "zhao.min@example.org"
language = "en"
[[team]]
id = "duty"
name_zh = "值班室"
name_en = "Duty desk"
members = ["li-na", "wang-wei", "zhao-min"]
leader = "zhao-min"
areas = ["*"]
escalate_after_min = 15
[[shift]]
id = "evening"
team = "duty"
from = "{change_back}"
until = "{change}"
order = ["li-na"]
[[shift]]
id = "night"
team = "duty"
from = "{change}"
until = "{change_back}"
order = ["wang-wei"]
"""


@pytest.fixture(scope="module")
def imap() -> Iterator[str]:
    """URL of the mailbox of replies."""
    with (
        tempfile.TemporaryDirectory(prefix="night-", ignore_cleanup_errors=True) as directory,
        servers.running(servers.dovecot(Path(directory), DESK, WORD)) as server,
    ):
        yield server.url


@pytest.fixture
def night(own: AlertSettings, imap: str, now: datetime, tmp_path: Path) -> AlertSettings:
    """Settings with a rule of readings, the mailbox, and a roster whose shift changes soon."""
    rules, people = tmp_path / "rules.toml", tmp_path / "people.toml"
    text = COMMON.format(name="r0").replace('"warning"', '"critical"')
    for short, whole in RULE_WORDS.items():
        text = text.replace(f'"{short}"', f'"{whole}"')
    rules.write_text(text + NATIVE, encoding="utf-8")
    change = (now + CHANGE_AFTER_MIN * MINUTE).astimezone(ZONE)
    back = change - timedelta(hours=12)
    people.write_text(PEOPLE.format(change=f"{change:%H:%M}", change_back=f"{back:%H:%M}"), encoding="utf-8")
    url = imap.replace("imap://", f"imap://{DESK}@") + "/INBOX"
    return changed(own, rules=rules, people=people, imap_url=url, imap_password=SecretStr(WORD))


@contextmanager
def watching(settings: AlertSettings) -> Iterator[None]:
    stop = threading.Event()
    stream = StreamThread(Configuration(settings), stop, lambda _: None)
    stream.start()
    try:
        yield
    finally:
        stop.set()
        stream.join()


def collector_of(settings: AlertSettings, mqtt_url: str) -> CollectorSettings:
    shared = settings.model_dump(include={"run_dir", "influx_url", "influx_database", "state_url", "network"})
    name = f"night-{uuid.uuid4().hex[:12]}"
    return CollectorSettings(**shared, mqtt_url=mqtt_url, mqtt_client_id=name, metrics_port=0)


def reading(at: datetime, value: float) -> bytes:
    return msgspec.json.encode({"start": at.isoformat(), "end": (at + MINUTE).isoformat(), "values": {"pm25": value}})


def reply_to(mail: EmailMessage, sender: str, text: str) -> EmailMessage:
    """What a mail program sends as an answer."""
    answer = EmailMessage()
    answer["From"], answer["To"] = sender, str(mail["Reply-To"] or mail["From"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Message-ID"] = f"<{uuid.uuid4().hex}@phone.example.org>"
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-ID"])
    answer.set_content(f"{text}\n\nOn Sunday the desk wrote:\n> {mail['Subject']}\n")
    return answer


def put_into_mailbox(url: str, mail: EmailMessage) -> None:
    host, _, port = url.removeprefix("imap://").partition(":")
    with imaplib.IMAP4(host, int(port)) as server:
        server.login(DESK, WORD)
        server.append("INBOX", "", None, mail.as_bytes())  # type: ignore[arg-type]  # now


class Night:
    """The rounds of the watch with a clock of their own."""

    def __init__(self, settings: AlertSettings, state: StateStore, maildir: Path, now: datetime) -> None:
        self.settings, self.state, self.maildir, self.now = settings, state, maildir, now
        self.seen: set[str] = set()

    def after(self, minutes: float) -> list[EmailMessage]:
        """Mails of the rounds up to so many minutes later."""
        self.now += minutes * MINUTE
        for _ in range(2):  # the first brings an escalation, whose mail the second sends
            hand_out(self.settings, self.now)
        fresh = [item for item in mails(self.maildir) if str(item["Message-ID"]) not in self.seen]
        self.seen |= {str(item["Message-ID"]) for item in fresh}
        return fresh

    def case(self) -> AlertCase:
        (only,) = self.state.cases.list()
        found = self.state.cases.get(only.id)
        assert found is not None
        return found


def recipients(found: list[EmailMessage]) -> list[str]:
    return sorted(str(item["To"]) for item in found)


@pytest.fixture
def rounds(night: AlertSettings, state: StateStore, maildir: Path, now: datetime) -> Night:
    return Night(night, state, maildir, now)


@pytest.fixture
def station(night: AlertSettings, mqtt_url: str, tmp_path: Path) -> Iterator[Publisher]:
    """A station of a broker whose messages a collector and the stream of a watch read."""
    with closing(running(Collector(collector_of(night, mqtt_url), tmp_path / "collector.log"))) as started:
        next(started)
        with (
            watching(night),
            Publisher(Broker(mqtt_url=mqtt_url), f"station-{uuid.uuid4().hex[:12]}") as publisher,
        ):
            yield publisher
        next(started, None)


def test_a_night_from_the_first_mail_to_the_resolution(rounds: Night, station: Publisher, imap: str) -> None:
    state, topic = rounds.state, "obs/v1/gas/t-01/gas1/json"
    begun = rounds.now - 8 * MINUTE
    for minutes in range(-20, 0):
        station.publish(topic, reading(begun + minutes * MINUTE, 140.0 + 4 * minutes))
    station.publish(topic, reading(begun, 190.0))
    wait_for(lambda: bool(state.alerts.list()), "the alert")

    (first,) = rounds.after(0)
    assert recipients([first]) == ["li.na@example.org"]
    assert "190" in str(first["Subject"])
    assert [str(m["Subject"]) for m in rounds.after(CHANGE_AFTER_MIN - 1)] == []  # she has a quarter of an hour

    (second,) = rounds.after(2)  # the shift has changed
    assert recipients([second]) == ["wang.wei@example.org"]
    assert rounds.after(14) == []
    (third,) = rounds.after(2)
    assert recipients([third]) == ["zhao.min@example.org"]
    steps = [
        item.kind for item in rounds.case().steps if item.kind is not StepKind.AMENDED
    ]  # the verdict of a quarter of an hour
    assert steps == [StepKind.OPENED, StepKind.ESCALATED, StepKind.ESCALATED]

    put_into_mailbox(imap, reply_to(third, "stranger@example.org", "ack"))
    put_into_mailbox(imap, reply_to(third, "zhao.min@example.org", "Ack, I drive there"))
    outcome = ReplyReader().read(rounds.settings, people_of(rounds.settings), rounds.now)
    assert (outcome.done, outcome.refused) == (1, {ReplyFault.STRANGER: 1})
    assert rounds.case().taken_by == "zhao-min"
    assert recipients(rounds.after(1)) == ["li.na@example.org", "wang.wei@example.org"]

    for minutes in range(1, 7):
        station.publish(topic, reading(begun + minutes * MINUTE, 20.0))
    wait_for(lambda: not any(item.state.value == "firing" for item in state.alerts.get_states().values()), "the end")
    assert rounds.after(5) == []  # it may rise again
    ended = rounds.after(PAUSE[CaseKind.POLLUTION] / MINUTE)
    assert recipients(ended) == ["li.na@example.org", "wang.wei@example.org", "zhao.min@example.org"]
    by_person = {str(item["To"]): item for item in ended}
    assert by_person["li.na@example.org"]["In-Reply-To"] == first["Message-ID"]
    assert "已结束" in str(by_person["li.na@example.org"]["Subject"])
    assert "Over" in str(by_person["zhao.min@example.org"]["Subject"])
    assert rounds.case().state is CaseState.ENDED

    wish = ActionRequest(action=CaseAction.RESOLVE, by="zhao-min", cause=ResolveCause.EVENT, text="valve closed")
    act(state, rounds.case().id, wish, rounds.now)
    assert (rounds.case().state, rounds.case().cause) == (CaseState.RESOLVED, "event")
    assert rounds.after(600) == []
