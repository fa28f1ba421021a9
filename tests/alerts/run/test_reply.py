"""Replies over IMAP against Debian's dovecot: who got the mail acts on the case; all else changes nothing and is kept."""

from __future__ import annotations

import imaplib
import shutil
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec
import pytest
from pydantic import SecretStr

from alerts.case.life import follow
from alerts.channels.mailbox import REFUSED as KEYWORD
from alerts.channels.mailbox import MailboxError
from alerts.delivery.reply import MOST_A_MINUTE, ReplyFault
from alerts.delivery.thread import message_identity
from alerts.mail.frame.case_message import message_id
from alerts.run.reply import REFUSED, ReplyReader
from alerts.settings import AlertSettings
from alerts.stream.background import ReplyThread
from schemas.alert_case import StepKind
from store.state import CaseChange, StateStore
from tests import servers
from tests.alerts.delivery.build import NOW, PEOPLE, case, step
from tests.alerts.run.test_delivery import PEOPLE as PEOPLE_FILE
from tests.store.state.test_case import ALERT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.stream.configuration import Configuration

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None, reason="needs dovecot-imapd"),
]
USER, PASSWORD = "alerts", "secret-of-the-mailbox"
SENDER = "skyground <sky@example.org>"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[servers.Server]:
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as directory:
        server = servers.dovecot(Path(directory), USER, PASSWORD)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def own(dovecot: servers.Server, sqlite_url: str, tmp_path: Path) -> AlertSettings:
    (tmp_path / "people.toml").write_text(PEOPLE_FILE)
    return AlertSettings(
        run_dir=tmp_path / "run",
        state_url=sqlite_url,
        mail_from=SENDER,
        people=tmp_path / "people.toml",
        imap_url=dovecot.url.replace("imap://", f"imap://{USER}@"),
        imap_password=SecretStr(PASSWORD),
    )


@pytest.fixture
def box(own: AlertSettings, dovecot: servers.Server) -> Iterator[imaplib.IMAP4]:
    """The mailbox, emptied."""
    port = int(dovecot.url.rpartition(":")[2])
    with imaplib.IMAP4("127.0.0.1", port) as server:
        server.login(USER, PASSWORD)
        (count, *_) = server.select()[1]
        if count != b"0":
            server.store("1:*", "+FLAGS", "\\Deleted")
            server.expunge()
        yield server


@pytest.fixture
def answered(state: StateStore) -> str:
    """Message-ID of a mail about a case that li-na got."""
    opened = case(step(1, StepKind.OPENED, alerts=(ALERT,)), alerts=(ALERT,))
    state.cases.append([CaseChange(case=opened)])
    state.notices.want("c1", "li-na", "mail", version=1, due_at=NOW)
    (claim,) = state.notices.claim("w", "mail", now=NOW)
    identity = message_id(message_identity(state.notices.store_id(), claim, 1), SENDER)
    state.notices.finish_sent(claim.id, "w", message_id=identity, now=NOW)
    return identity


def put(
    box: imaplib.IMAP4,
    text: str,
    answers: str,
    sender: str = "Li Na <li.na@example.org>",
    *,
    age: timedelta = timedelta(),
    **more: str,
) -> None:
    message = EmailMessage()
    headers = {
        "From": sender,
        "Subject": "Re: x",
        "Message-ID": f"<{text[:5].encode().hex()}@x>",
        "In-Reply-To": answers,
    }
    for name, value in (headers | {key.replace("_", "-"): value for key, value in more.items()}).items():
        message[name] = value
    message.set_content(f"{text}\n\n> [critical] not mine")
    box.append("INBOX", "", imaplib.Time2Internaldate(datetime.now(UTC) - age), message.as_bytes())


def read(own: AlertSettings, reader: ReplyReader | None = None) -> tuple[int, dict[ReplyFault, int]]:
    return tuple((reader or ReplyReader()).read(own, PEOPLE, datetime.now(UTC)))  # type: ignore[return-value]


def test_a_reply_takes_the_case_once(own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str) -> None:
    put(box, "收到，我去看", answered)
    assert read(own) == (1, {})
    assert read(own) == (0, {})
    found = state.cases.get("c1")
    assert found is not None
    assert (found.taken_by, found.steps[-1].kind) == ("li-na", StepKind.TAKEN)
    assert found.steps[-1].figures["text"] == "收到，我去看"


def test_not_mine_and_a_comment_are_steps(
    own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str
) -> None:
    put(box, "not mine", "<other@x>", References=f"{answered} <other@x>")
    put(box, "Comment: filter replaced", answered)
    assert read(own) == (2, {})
    found = state.cases.get("c1")
    assert found is not None
    assert [item.figures.get("is_declined") for item in found.steps[1:]] == [True, None]
    assert found.steps[-1].figures["text"] == "filter replaced"


@pytest.mark.parametrize(
    ("fault", "sender", "answers", "headers"),
    [
        (ReplyFault.STRANGER, "mallory@example.net", None, {}),
        (ReplyFault.STRANGER, "wang@example.org", None, {}),
        (ReplyFault.NO_MATCH, "li.na@example.org", "<skyground.1.1.000000000000000000000000@example.org>", {}),
        (ReplyFault.AUTOMATIC, "li.na@example.org", None, {"Auto_Submitted": "auto-replied"}),
        (ReplyFault.AUTOMATIC, "sky@example.org", None, {}),
    ],
)
def test_what_does_not_match_changes_nothing_and_stays_in_the_mailbox(  # noqa: PLR0917 - fixtures
    own: AlertSettings,
    box: imaplib.IMAP4,
    state: StateStore,
    answered: str,
    fault: ReplyFault,
    sender: str,
    answers: str | None,
    headers: dict[str, str],
) -> None:
    put(box, "taken", answers or answered, sender, **headers)
    assert read(own) == (0, {fault: 1})
    found = state.cases.get("c1")
    assert found is not None
    assert found.version == 1
    box.noop()
    assert box.uid("SEARCH", "KEYWORD", KEYWORD)[1][0] != b""
    kept = [item.body["reason"] for item in state.documents.list(REFUSED)]
    assert kept == ([] if fault is ReplyFault.AUTOMATIC else [fault.value])


def test_a_loop_is_cut_off(own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str) -> None:
    for number in range(MOST_A_MINUTE + 3):
        put(box, f"{number} comment", answered)
    done, refused = read(own)
    assert (done, refused) == (MOST_A_MINUTE, {ReplyFault.TOO_MANY: 3})


def test_the_thread_of_the_watch_keeps_the_error_of_a_mailbox_until_it_opens_and_then_acts(
    own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str
) -> None:
    wrong = AlertSettings(**own.model_dump() | {"imap_password": SecretStr("wrong")})
    current = SimpleNamespace(settings=wrong, people=PEOPLE)
    stop, woken = threading.Event(), threading.Event()
    thread = ReplyThread(cast("Configuration", current), stop, woken.set, pause_s=0.05)
    put(box, "taken", answered)
    thread.look()
    assert thread.errors["replies"].startswith("MailboxError: ")
    current.settings = own
    thread.start()
    assert woken.wait(10)
    stop.set()
    thread.join()
    assert thread.errors == {}
    assert (found := state.cases.get("c1")) is not None
    assert found.taken_by == "li-na"


def test_a_mailbox_that_cannot_be_opened_is_an_error(own: AlertSettings) -> None:
    wrong = AlertSettings(**own.model_dump() | {"imap_password": SecretStr("wrong")})
    with pytest.raises(MailboxError):
        read(wrong)
    assert msgspec.structs.asdict(PEOPLE.persons[0])["mail"] == "li.na@example.org"


ODD = {
    "a marked section": b"Content-Type: text/html\r\n\r\n<![foo[x]]>hi",
    "a header in thousands of brackets": b"Content-Type: text/plain; x=" + b"(" * 5000 + b"\r\n\r\nhi",
    "an address in thousands of brackets": b"X-A: b\r\nTo: a@b\r\nFrom: " + b"(" * 5000 + b"\r\n\r\nhi",
    "half of a surrogate pair": b"Subject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA- hi",
    "a NUL": b"Message-ID: <a\x00b@x>\r\nSubject: a\x00b\r\n\r\nhi\x00",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_mail_that_cannot_be_read_holds_up_no_other(
    own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str, odd: bytes
) -> None:
    box.append("INBOX", "", None, b"From: mallory@example.net\r\nIn-Reply-To: <a@b>\r\n" + odd)  # type: ignore[arg-type]  # now
    put(box, "taken", answered)
    done, refused = read(own)
    assert (done, sum(refused.values())) == (1, 1)
    found = state.cases.get("c1")
    assert found is not None
    assert found.taken_by == "li-na"
    assert read(own) == (0, {})


def test_replies_that_waited_in_the_mailbox_are_no_loop(own: AlertSettings, box: imaplib.IMAP4, answered: str) -> None:
    for number in range(MOST_A_MINUTE + 3):
        put(box, f"{number} comment", answered, age=timedelta(minutes=number))
    assert read(own) == (MOST_A_MINUTE + 3, {})


def test_a_forger_does_not_use_up_the_replies_of_a_person(
    own: AlertSettings, box: imaplib.IMAP4, answered: str
) -> None:
    for number in range(MOST_A_MINUTE + 3):
        put(box, f"{number} forged", "<other@x>")
    put(box, "taken", answered)
    done, refused = read(own)
    assert (done, refused) == (1, {ReplyFault.NO_MATCH: MOST_A_MINUTE, ReplyFault.TOO_MANY: 3})


def test_a_reply_about_a_case_that_joined_another_acts_on_that_one(
    own: AlertSettings, box: imaplib.IMAP4, state: StateStore, answered: str
) -> None:
    opened = msgspec.structs.replace(step(1, StepKind.OPENED, alerts=(ALERT,)), case_id="c0")
    older = msgspec.structs.replace(case(opened, alerts=(ALERT,)), id="c0")
    known = state.cases.get("c1")
    assert known is not None
    merged = follow(known, step(2, StepKind.MERGED, figures={"into": "c0"}))
    state.cases.append([CaseChange(case=older), CaseChange(case=merged, after=1)])
    put(box, "taken", answered)
    assert read(own) == (1, {})
    found = state.cases.get("c0")
    assert found is not None
    assert found.taken_by == "li-na"
