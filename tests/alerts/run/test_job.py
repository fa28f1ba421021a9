from __future__ import annotations

import mailbox
import re
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest

from alerts.mail.first_case import FAILED
from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate, rehearse
from alerts.run.first_case import make_first_cases
from alerts.run.operation import raise_operation, resolve_operation
from alerts.run.queries import list_states, send_sample, show_transition, take
from alerts.settings import AlertSettings
from analysis.case.case_file import EventKind
from analysis.report.stored_case import read_case
from analysis.run.case.case_document import save_case
from schemas.alert import AlertState, Severity
from schemas.interval import Interval, floor_hour
from schemas.reading import Reading
from store.settings import Language
from tests import servers
from tests.console.build import stored_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from email.message import EmailMessage
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)


def mails(maildir: Path) -> list[EmailMessage]:
    """In the order of their arrival."""
    if not maildir.exists():
        return []
    # Names begin with seconds.Mmicroseconds, and the latter are not padded.
    items = sorted(
        mailbox.Maildir(maildir, create=False).items(),
        key=lambda item: [int(part) for part in re.findall(r"\d+", item[0])[:2]],
    )
    return [message_from_bytes(item.as_bytes(), policy=policy.default) for _, item in items]  # type: ignore[misc]  # EmailMessage


def changed(own: AlertSettings, **changes: object) -> AlertSettings:
    return AlertSettings(**own.model_dump() | changes)


def one_round(own: AlertSettings, now: datetime) -> tuple[int, int]:
    return evaluate(own, now - 2 * DAY, now, now), deliver(own, now)


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("zh", "[严重] 测试1号 PM2.5 重度污染 190 µg/m³"),
        ("en", "[Critical] PM2.5 heavily polluted at Test 1, 190 µg/m³"),
    ],
)
def test_an_exceedance_becomes_exactly_one_mail_with_a_picture(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, *, language: str, subject: str
) -> None:
    write_hours("t-01", [30, 30, 30, 190])
    own = changed(own, language=Language(language))
    one_round(own, now)
    assert one_round(own, now) == (0, 0)
    (mail,) = mails(maildir)
    assert mail["Subject"] == subject
    assert mail["To"] == "duty@example.org"
    drawn = [item.get_filename() for item in mail.walk() if item.get_content_type() == "image/png"]
    assert drawn == ["series.png", "case.png"]


def test_the_end_is_mailed_into_the_thread_of_the_beginning(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-01", [30, 190])
    one_round(own, now)
    later = now + timedelta(hours=2)
    index = pd.DatetimeIndex([floor_hour(now), floor_hour(now) + timedelta(hours=1)], name="start")
    hours = pd.DataFrame(
        {"pm25": [20.0, 21.0], "pm25__n": 60.0, "pm25__flag": pd.Series([1, 1], dtype="int8").to_numpy()}, index=index
    )
    from store.influx.store import InfluxStore

    store = InfluxStore(own)
    store.write_hourly("gas", "t-01", hours)
    store.close()
    one_round(own, later)
    raised = [item for item in mails(maildir) if "严重" in item["Subject"]]
    ended = [item for item in mails(maildir) if "已解除" in item["Subject"] and "重度" in item["Subject"]]
    assert len(raised) == len(ended) == 1
    assert raised[0]["Message-ID"] in ended[0]["References"]


def test_a_lower_level_is_not_mailed_with_a_higher_one(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    write_hours("t-01", [190, 190, 190])
    one_round(own, now)
    firing = {key for key, status in state.alerts.get_states().items() if status.state is AlertState.FIRING}
    assert firing == {"pm25-heavy/t-01/pm25", "pm25-moderate/t-01/pm25", "pm25-light/t-01/pm25"}
    assert len(mails(maildir)) == 1


def test_many_stations_of_one_rule_become_one_mail(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    for number in range(1, 8):
        write_hours(f"t-{number:02d}", [20, 250 + number], parameter="o3")
    one_round(own, now)
    (mail,) = mails(maildir)
    assert mail["Subject"] == "[警告] 臭氧小时浓度超标：7 站"
    assert "测试7号" in str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one


def test_concurrent_workers_send_one_mail(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-02", [30, 160])
    sent: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        sent.append(one_round(own, now)[1])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sent) == len(mails(maildir)) == 1


def test_a_mail_arrives_once_after_the_server_was_down(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, tmp_path: Path
) -> None:
    server = servers.smtp_sink(tmp_path / "sink")
    own = changed(own, smtp_url=server.url)
    write_hours("t-03", [30, 160])
    assert [one_round(own, now)[1] for _ in range(3)] == [0, 0, 0]
    with servers.running(server):
        assert one_round(own, now)[1] == 1
        assert one_round(own, now)[1] == 0
    assert len(mails(tmp_path / "sink" / "maildir")) == 1


def test_old_history_is_recorded_but_not_mailed(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-04", [160, *[20] * 40])
    found, sent = one_round(own, now)
    assert found > 0
    assert sent == 0
    assert mails(maildir) == []


def test_old_history_is_mailed_where_the_setting_says_any_age(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    write_hours("t-04", [160, *[20] * 40])
    one_round(changed(own, notify_max_age_h=0.0), now)
    (mail,) = [item for item in mails(maildir) if "重度" in item["Subject"]]
    assert mail["Subject"].startswith("[已结束·补报] 测试4号 PM2.5 重度污染")


def test_what_began_in_a_long_outage_of_the_watch_and_goes_on_is_mailed(
    own: AlertSettings, write_hours: Callable[..., None], influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    write_hours("t-04", [20, *[160] * 40])
    for number, hours in ((1, 200), (2, 0), (3, 0)):
        moment = now - timedelta(hours=hours, minutes=2)
        influx.write_readings([Reading("gas", f"t-0{number}", "gas1", Interval(moment, moment), {"pm25": 20.0})])
    one_round(own, now)
    subjects = [item["Subject"] for item in mails(maildir)]
    assert len(subjects) == 2
    assert any("测试4号 PM2.5 重度污染" in item for item in subjects)
    assert any("测试1号" in item and "中断" in item for item in subjects)
    assert one_round(own, now) == (0, 0)


def test_a_silent_station_is_mailed_and_its_return_too(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    def say(station_id: str, moment: datetime) -> None:
        influx.write_readings([Reading("gas", station_id, "gas1", Interval(moment, moment), {"pm25": 20.0})])

    for number in range(1, 4):
        say(f"t-{number:02d}", now - timedelta(minutes=1 if number > 1 else 40))
    assert one_round(own, now) == (1, 1)
    say("t-01", now)
    assert one_round(own, now + timedelta(seconds=30)) == (1, 1)
    assert [item["Subject"].split(" ")[0] for item in mails(maildir)] == ["[警告]", "[已解除]"]


def test_the_silence_of_all_stations_is_one_alert(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    moment = now - timedelta(hours=1)
    influx.write_readings(
        [Reading("gas", f"t-{n:02d}", "gas1", Interval(moment, moment), {"pm25": 20.0}) for n in range(1, 9)]
    )
    assert one_round(own, now) == (1, 1)
    assert mails(maildir)[0]["Subject"] == "[警告] 所有站点均无数据：请检查采集器或消息服务器"


def test_a_forecast_above_the_level_is_mailed_with_its_curve(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    index = pd.DatetimeIndex([floor_hour(now) + timedelta(hours=n) for n in range(24)], name="start")
    frame = pd.DataFrame({"value": 170.0, "q10": 140.0, "q90": 210.0}, index=index)
    influx.write_product("forecast_hourly", "t-05", frame, {"parameter": "pm25"})
    assert one_round(own, now) == (1, 1)
    assert "预报 PM2.5 将达重度污染" in mails(maildir)[0]["Subject"]


def test_an_alert_that_begins_has_its_case_file_in_the_mail(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    usual = [30.0 + hour % 5 for hour in range(200)]
    write_hours("t-01", [*usual, 190])
    one_round(own, now)
    (document,) = state.documents.list("case")
    stored = read_case(document.body)
    assert stored is not None
    mail = mails(maildir)[0]
    text = str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    assert stored.case.answer.text("zh") in text
    assert f"/cases/{stored.case.key}" in text
    assert [item.get_content_type() for item in mail.walk()].count("image/png") == 2


def test_why_a_case_file_could_not_be_computed_is_stored_and_not_tried_in_each_round(
    own: AlertSettings,
    write_hours: Callable[..., None],
    now: datetime,
    state: StateStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def broken(given: object) -> object:
        calls.append(given)
        msg = "broken"
        raise RuntimeError(msg)

    monkeypatch.setattr("analysis.run.case.job.case_file", broken)
    write_hours("t-01", [30, 30, 30, 190])
    one_round(own, now)
    make_first_cases(own, now)
    assert len(calls) == 1
    (failed,) = state.documents.list(FAILED)
    assert failed.body == {"why": "RuntimeError: broken"}
    assert state.documents.list("case") == []


def test_an_operation_report_is_mailed_once_and_ends(
    own: AlertSettings, now: datetime, maildir: Path, influx: InfluxStore
) -> None:
    report = {"titles": ("任务失败", "Task failed"), "detail": "boom", "severity": Severity.WARNING}
    assert raise_operation(own, key="dag/qc_hourly", now=now, **report)  # type: ignore[arg-type]  # by name
    assert not raise_operation(own, key="dag/qc_hourly", now=now + timedelta(minutes=5), **report)  # type: ignore[arg-type]  # by name
    assert deliver(own, now) == 1
    assert resolve_operation(own, key="dag/qc_hourly", now=now + timedelta(hours=1))
    assert deliver(own, now + timedelta(hours=1)) == 1
    assert [item["Subject"] for item in mails(maildir)] == ["[警告] 任务失败", "[已解除] 任务失败"]


def test_an_operation_alert_ends_when_it_is_not_reported_again(
    own: AlertSettings, now: datetime, influx: InfluxStore
) -> None:
    report = {"titles": ("甲", "A"), "detail": "", "severity": Severity.INFO}
    raise_operation(own, key="gate/gas", now=now, **report)  # type: ignore[arg-type]  # by name
    later = now + timedelta(hours=23)
    assert evaluate(own, later - DAY, later, later) == 0
    later = now + timedelta(hours=25)
    assert evaluate(own, later - DAY, later, later) == 1


def test_a_rehearsal_finds_but_stores_nothing(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, state: StateStore
) -> None:
    write_hours("t-01", [30, 190, 20, 20])
    found = rehearse(own, now - DAY, now, now)
    assert [item.to_state for item in found if item.rule == "pm25-heavy"] == [AlertState.FIRING, AlertState.OK]
    assert state.alerts.get_states() == {}


def test_an_alert_is_listed_shown_and_taken(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime
) -> None:
    write_hours("t-01", [30, 120])
    evaluate(own, now - DAY, now, now)
    first = list_states(own, AlertState.FIRING)[0]
    assert take(own, str(first.id), who="Li", note="on my way") == first.alert_key == "pm25-moderate/t-01/pm25"
    shown = show_transition(own, first.id)
    assert shown is not None
    assert (shown["taken_by"], shown["note"]) == ("Li", "on my way")
    assert msgspec.json.encode(shown)


def test_the_sample_mail_proves_the_way(own: AlertSettings, maildir: Path) -> None:
    send_sample(own, "opened", ("somebody@example.org",))
    (mail,) = mails(maildir)
    assert mail["Subject"].startswith("[测试]")
    assert mail["To"] == "somebody@example.org"


@pytest.mark.parametrize(("language", "words"), [("zh", "故障还是事件："), ("en", "fault or event: ")])
def test_the_mail_of_an_exceedance_says_whether_it_is_a_fault_or_an_event(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, *, language: str, words: str
) -> None:
    for number in range(1, 6):
        write_hours(f"t-{number:02d}", [30 + (hour + number) % 5 for hour in range(30)] + [190])
    one_round(changed(own, language=Language(language)), now)
    texts = [item.get_body(("plain",)).get_content() for item in mails(maildir)]  # type: ignore[union-attr]
    assert any(words in text for text in texts)


def test_a_case_file_that_says_what_the_event_is_leaves_no_second_probability_of_a_fault(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path, state: StateStore
) -> None:
    for number in range(1, 6):
        write_hours(f"t-{number:02d}", [30 + (hour + number) % 5 for hour in range(30)] + [190])
    stored = save_case(state, stored_case("t-01", "pm25", floor_hour(now)))
    assert stored.case.kind is EventKind.PLUME
    one_round(own, now)
    texts = [item.get_body(("plain",)).get_content() for item in mails(maildir)]  # type: ignore[union-attr]  # each has one
    with_case = [text for text in texts if stored.case.key in text]
    assert with_case
    assert not any("故障还是事件" in text for text in with_case)


def test_weights_that_cannot_be_read_cost_the_line_only(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime, maildir: Path
) -> None:
    (own.network.with_name("thresholds.toml")).write_text("[verdict]\nprior = 99\n")
    write_hours("t-01", [30, 30, 30, 190])
    one_round(own, now)
    (mail,) = mails(maildir)
    assert "故障还是事件" not in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
