"""Links of mails: a button, one use, and refusals that change nothing."""

from __future__ import annotations

import itertools
import socket
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alerts.delivery.link import ActionLink, LinkAction, sign_link
from alerts.run.link_key import load_link_key
from alerts.settings import alert_settings
from console.web.pages.act import MOST_BYTES
from store.state import StateStore

if TYPE_CHECKING:
    from schemas.alert_case import AlertCase
    from tests.console.conftest import Running

NUMBERS = itertools.count()
PERSON = "duty@localhost"
"""Of an installation without a people file."""
pytestmark = pytest.mark.integration


def token_of(running: Running, action: LinkAction, **more: object) -> str:
    key = load_link_key(alert_settings(running.settings))
    # each link of its own: two tests within a second would share one that is used once
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1, seconds=next(NUMBERS))
    given = {"case_id": running.case_id, "person": PERSON, "action": action, "expires_at": later} | more
    return sign_link(ActionLink(**given), key)  # type: ignore[arg-type]  # fields of the link


def ask(running: Running, token: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
    address, data = f"{running.url}/cases/act?token={urllib.parse.quote(token)}", None
    if fields is not None:
        address, data = f"{running.url}/cases/act", urllib.parse.urlencode({"token": token, **fields}).encode()
    try:
        with urllib.request.urlopen(address, data=data, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def case_of(running: Running) -> AlertCase:
    with StateStore(running.settings.state_url) as state:
        found = state.cases.get(running.case_id)
    assert found is not None
    return found


def test_a_link_shows_a_button_and_the_button_acts_once(running: Running) -> None:
    before, token = case_of(running), token_of(running, LinkAction.COMMENT)
    for _ in range(2):  # a mail scanner may open it as often as it likes
        status, body = ask(running, token)
        assert (status, body.count("<button"), "沈阳一号" in body) == (200, 1, True)
    assert case_of(running).version == before.version
    status, body = ask(running, token, {"text": "<b>seen</b>"})
    assert (status, "已完成" in body) == (200, True)
    step = case_of(running).steps[-1]
    assert (step.by, step.figures["text"]) == (PERSON, "<b>seen</b>")
    for again in (ask(running, token), ask(running, token, {"text": "twice"})):
        assert (again[0], "已用过" in again[1] or "已使用" in again[1]) == (410, True)
    assert case_of(running).version == before.version + 1


def test_a_link_that_is_forged_old_or_of_no_case_changes_nothing(running: Running) -> None:
    before = case_of(running).version
    good = token_of(running, LinkAction.TAKE)
    past = token_of(running, LinkAction.TAKE, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    status, body = ask(running, token_of(running, LinkAction.TAKE, person="who-left"), {"text": ""})
    assert (status, "人员文件" in body) == (410, True)
    for token in (
        "",
        "x",
        good[:-2],
        good + "A",
        past,
        token_of(running, LinkAction.TAKE, case_id="20200101-0000-abcdef"),
    ):
        for fields in (None, {}):
            status, body = ask(running, token, fields)
            assert (status, "<button" in body) == (410, False)
    assert case_of(running).version == before


def test_a_case_is_not_resolved_without_a_cause_and_the_link_stays_good(running: Running) -> None:
    token = token_of(running, LinkAction.RESOLVE)
    assert "<select" in ask(running, token)[1]
    assert ask(running, token, {"cause": "because"})[0] == 410
    assert ask(running, token)[0] == 200


def test_a_comment_without_text_is_refused_and_the_link_stays_good(running: Running) -> None:
    token, before = token_of(running, LinkAction.COMMENT), case_of(running).version
    assert ask(running, token, {"text": " "})[0] == 410
    assert case_of(running).version == before
    assert ask(running, token, {"text": "seen"})[0] == 200


def test_of_what_is_sent_to_the_address_of_links_only_the_begin_is_read(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), timeout=20) as connection:
        head = f"POST /cases/act HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\ntoken=x&text="
        connection.sendall(head.encode() + b"a" * MOST_BYTES)
        assert connection.recv(12) == b"HTTP/1.1 410"
