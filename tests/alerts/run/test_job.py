from __future__ import annotations

import mailbox
import re
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest

from alerts.mail.evidence.first_case import FAILED
from alerts.run.evaluation import evaluate, rehearse
from alerts.run.first_case import make_first_cases
from alerts.run.operation import raise_operation, resolve_operation
from alerts.run.queries import list_states, send_sample, show_transition, take
from alerts.run.round import hand_out as deliver
from alerts.settings import AlertSettings
from analysis.report.stored_case import read_case
from schemas.alert import AlertState, Severity
from schemas.interval import Interval, floor_hour
from schemas.reading import Reading
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from email.message import EmailMessage
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)
SETTLED = timedelta(minutes=6)
"""After which a silence is mailed."""


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
    assert "7站 O3 最高257↑（限200）" in mail["Subject"]
    assert "测试7号" in str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one


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


def test_what_began_in_a_long_outage_of_the_watch_and_goes_on_is_mailed(
    own: AlertSettings, write_hours: Callable[..., None], influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    write_hours("t-04", [20, *[160] * 40])
    for number, hours in ((1, 200), (2, 0), (3, 0)):
        moment = now - timedelta(hours=hours, minutes=2)
        influx.write_readings([Reading("gas", f"t-0{number}", "gas1", Interval(moment, moment), {"pm25": 20.0})])
    one_round(own, now)
    deliver(own, now + SETTLED)
    subjects = [item["Subject"] for item in mails(maildir)]
    assert len(subjects) == 3  # 40 h above 150 are a yellow warning of the city too
    assert any("黄色" in item and "系统" not in item for item in subjects)
    assert any("测试4号 PM2.5 160" in item for item in subjects)
    assert any("测试1号" in item for item in subjects)
    assert one_round(own, now) == (0, 0)


def test_a_silent_station_is_mailed_and_its_return_too(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    def say(station_id: str, moment: datetime) -> None:
        influx.write_readings([Reading("gas", station_id, "gas1", Interval(moment, moment), {"pm25": 20.0})])

    for number in range(1, 4):
        say(f"t-{number:02d}", now - timedelta(minutes=1 if number > 1 else 17))
    assert one_round(own, now) == (1, 0), "another station may follow: then it is the line"
    assert deliver(own, now + SETTLED) == 1
    later = now + SETTLED + timedelta(minutes=1)
    for number in range(1, 4):
        say(f"t-{number:02d}", later)
    assert evaluate(own, now - DAY, later, later) == 1
    assert deliver(own, later + timedelta(minutes=2)) == 1
    begun, over = mails(maildir)
    assert str(begun["Subject"]).startswith("[警告] 测试1号 无数据"), "no instrument is at fault"
    assert str(over["Subject"]).startswith("[已结束]")


def test_the_silence_of_all_stations_is_one_alert(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    moment = now - timedelta(hours=1)
    influx.write_readings(
        [Reading("gas", f"t-{n:02d}", "gas1", Interval(moment, moment), {"pm25": 20.0}) for n in range(1, 9)]
    )
    assert one_round(own, now) == (1, 1), "no other station can follow"
    assert mails(maildir)[0]["Subject"].startswith("[警告·系统] 全部站点 8站全部无数据")


def test_a_forecast_above_the_level_is_mailed_with_its_curve(
    own: AlertSettings, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    index = pd.DatetimeIndex([floor_hour(now) + timedelta(hours=n) for n in range(24)], name="start")
    frame = pd.DataFrame({"value": 170.0, "q10": 140.0, "q90": 210.0}, index=index)
    influx.write_product("forecast_hourly", "t-05", frame, {"parameter": "pm25"})
    assert one_round(own, now) == (1, 1)
    assert "测试5号 PM2.5 预计170（限150）" in mails(maildir)[0]["Subject"]


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
    tried = len(calls)
    make_first_cases(own, now)
    assert len(calls) == tried
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
    assert ["任务失败" in item["Subject"] for item in mails(maildir)] == [True, True]
    assert [item["Subject"].split(" ")[0] for item in mails(maildir)] == ["[警告·系统]", "[已结束]"]


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
