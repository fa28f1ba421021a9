"""Notices of cases become messages: once each, of the present state, into one thread, whatever happens in between."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import alerts.run.mail.send
from alerts.case.action import ActionRequest, CaseAction
from alerts.mail.frame.case_message import DrawnPicture, draw_pictures
from alerts.people.file import people_of
from alerts.run.case_action import act
from alerts.run.case_assignment import assign
from alerts.run.case_clock import let_time_pass
from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate
from alerts.stream.warm import import_late
from schemas.alert_case import AlertCase, StepKind
from schemas.interval import floor_hour
from schemas.struct_use import prepare_structs
from store.influx.store import InfluxStore
from store.state import Mute, MuteKind, MuteMatcher
from tests.alerts.run.test_job import changed, mails

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from email.message import EmailMessage
    from pathlib import Path

    from alerts.mail.view.case_mail import CaseMail
    from alerts.settings import AlertSettings
    from store.state import StateStore

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PEOPLE = """
zone = "Asia/Shanghai"
fallback_team = "duty"
[[person]]
id = "li-na"
name_zh = "李娜"
name_en = "Li Na"
mail = "li.na@example.org"
[[person]]
id = "wang"
name_zh = "王强"
name_en = "Wang Qiang"
mail = "wang@example.org"
language = "en"
[[team]]
id = "duty"
name_zh = "值班"
name_en = "Duty"
members = ["li-na", "wang"]
leader = "wang"
[[shift]]
id = "all-day"
team = "duty"
from = "00:00"
until = "00:00"
order = ["li-na", "wang"]
"""


@pytest.fixture
def staffed(own: AlertSettings, tmp_path: Path) -> AlertSettings:
    (tmp_path / "people.toml").write_text(PEOPLE)
    return changed(own, people=tmp_path / "people.toml")


def one_round(own: AlertSettings, now: datetime, start: datetime | None = None) -> int:
    """Evaluate, assign, let time pass, deliver: the number of messages."""
    evaluate(own, (start or now) - 2 * DAY, now, now)
    return hand_out(own, now)


def hand_out(own: AlertSettings, now: datetime) -> int:
    people = people_of(own)
    assign(own, now, people=people)
    let_time_pass(own, now, people)
    return deliver(own, now, people=people)


def the_case(state: StateStore) -> AlertCase:
    (found,) = state.cases.list()
    case = state.cases.get(found.id)
    assert case is not None
    return case


def write_after(own: AlertSettings, now: datetime, values: list[float]) -> None:
    """Hours from the one that contains ``now`` on."""
    index = pd.DatetimeIndex([floor_hour(now) + number * HOUR for number in range(len(values))], name="start")
    flags = pd.Series([1] * len(values), dtype="int8").to_numpy()
    store = InfluxStore(own)
    store.write_hourly("gas", "t-01", pd.DataFrame({"pm25": values, "pm25__n": 60.0, "pm25__flag": flags}, index=index))
    store.close()


def to(items: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [item for item in items if item["To"] == address]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


def test_an_event_is_one_mail_to_the_person_on_duty(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    write_hours("t-01", [30, 30, 30, 190, 190, 190])
    assert one_round(staffed, now) == 1
    assert one_round(staffed, now) == 0
    (mail,) = mails(maildir)
    case = the_case(state)
    assert mail["To"] == "li.na@example.org"
    assert "测试1号 PM2.5 190" in mail["Subject"]
    assert f"/cases/{case.id}" in text_of(mail)
    assert "/cases/act?token=" in text_of(mail)
    assert {item.get_content_type() for item in mail.walk()} >= {"text/plain", "text/html", "image/png"}


def test_the_end_is_mailed_into_the_thread(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-01", [30, 190])
    one_round(staffed, now)
    write_after(staffed, now, [20.0, 21.0, 20.0, 21.0])
    one_round(staffed, now + 4 * HOUR)
    first, *_, last = to(mails(maildir), "li.na@example.org")
    assert "已结束" in last["Subject"]
    assert last["In-Reply-To"] == first["Message-ID"]
    assert first["Message-ID"] != last["Message-ID"]


def test_what_began_and_ended_while_the_server_was_away_is_one_mail(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-01", [30, 190])
    dead = changed(staffed, smtp_url="smtp://127.0.0.1:9", smtp_timeout_s=1.0)
    assert one_round(dead, now) == 0
    write_after(staffed, now, [20.0, 21.0, 20.0, 21.0])
    assert one_round(dead, now + 4 * HOUR) == 0
    assert hand_out(staffed, now + 24 * HOUR) == 1
    (mail,) = mails(maildir)
    assert "已结束" in mail["Subject"]
    assert "补报" in mail["Subject"]


def test_several_workers_send_one_mail(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-01", [30, 190])
    evaluate(staffed, now - 2 * DAY, now, now)
    for _ in import_late():
        prepare_structs()
    sent: list[int] = []
    workers = [threading.Thread(target=lambda: sent.append(hand_out(staffed, now))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sent) == 1
    assert len(mails(maildir)) == 1


def test_of_a_case_that_no_one_takes_the_next_is_notified_and_knows_who_was(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    write_hours("t-01", [30, 190])
    one_round(staffed, now)
    assert hand_out(staffed, now + timedelta(minutes=14)) == 0
    assert hand_out(staffed, now + timedelta(minutes=16)) == 1
    (mail,) = to(mails(maildir), "wang@example.org")
    assert "Li Na" in text_of(mail)
    assert the_case(state).steps[-1].kind is StepKind.ESCALATED


def test_a_case_that_was_taken_is_not_escalated_and_the_others_know_who_has_it(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    write_hours("t-01", [30, 190])
    one_round(staffed, now)
    act(state, the_case(state).id, ActionRequest(action=CaseAction.TAKE, by="li-na"), now)
    assert hand_out(staffed, now + HOUR) == 0
    assert len(mails(maildir)) == 1


def test_a_person_without_an_address_is_given_up_and_shown(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, state: StateStore, tmp_path: Path
) -> None:
    write_hours("t-01", [30, 190])
    evaluate(staffed, now - 2 * DAY, now, now)
    assign(staffed, now, people=people_of(staffed))
    (tmp_path / "people.toml").write_text(PEOPLE.replace("li-na", "li-ming"))
    assert deliver(staffed, now) == 0
    (item,) = state.notices.of_cases([the_case(state).id])
    assert (item.state, item.detail) == ("failed", "li-na: no mail in the people file")


def test_more_cases_than_the_limit_are_one_digest(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    limited = changed(staffed, mails_per_h=2)
    for number in range(1, 5):
        write_hours(f"t-{number:02d}", [20, 251], parameter=("o3", "so2", "no2", "pm25")[number - 1])
    one_round(limited, now)
    found = to(mails(maildir), "li.na@example.org")
    assert len(found) <= 3


def test_under_a_mute_a_case_is_recorded_and_reported_when_it_is_over(
    staffed: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    matcher = MuteMatcher(stations=("t-0[12]",))
    mute = Mute(kind=MuteKind.MUTE, matcher=matcher, start=now, end=now + HOUR, by="wang", reason="x", recorded_at=now)
    state.mutes.add(mute)
    write_hours("t-01", [30, 260], parameter="o3")
    write_hours("t-02", [30, 520], parameter="so2")
    assert one_round(staffed, now) == 0
    assert len(state.cases.list()) >= 1
    assert hand_out(staffed, now + HOUR - timedelta(minutes=1)) == 0
    assert hand_out(staffed, now + HOUR + timedelta(seconds=1)) == 2
    found = mails(maildir)
    assert {item["To"] for item in found} == {"li.na@example.org", "wang@example.org"}
    for message in found:
        text = text_of(message)
        assert re.search(
            r"Mute of stations t-0\[12\], set by \S.*, \d\d-\d\d \d\d:\d\d to .* has ended; held back: \d cases?: x",
            text,
        ) or (re.search(r"设置的静音（站点 t-0\[12\]）.* 已结束，期间未发 \d 起：x", text)), text


def test_pictures_of_a_case_are_drawn_once_for_all_who_read_one_language(
    own: AlertSettings,
    write_hours: Callable[..., None],
    now: datetime,
    maildir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_hours("t-01", [30, 190])
    drawn: list[str] = []

    def drawing(view: CaseMail, language: str) -> tuple[DrawnPicture, ...]:
        drawn.append(language)
        return draw_pictures(view, language)

    monkeypatch.setattr(alerts.run.mail.send, "draw_pictures", drawing)
    assert one_round(changed(own, mail_to=("a@example.org", "b@example.org", "c@example.org")), now) == 3
    assert drawn == ["zh"]
    bodies = [mail.as_bytes() for mail in mails(maildir)]
    assert [body.count(b"Content-Type: image/png") > 0 for body in bodies] == [True] * 3
