"""The all-clear is never lost: whatever the mail server, a crash or a second worker does, an end is mailed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate
from console.local.settings import free_ports
from schemas.alert import AlertState
from schemas.interval import floor_hour
from store.settings import Language
from tests import servers
from tests.alerts.run.test_job import DAY, changed, mails
from tests.alerts.test_end import put_hours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
O3 = {"code": "o3"}


class Moody(Mailbox):  # type: ignore[misc]  # aiosmtpd has no types
    """A mail server that keeps what it accepts and answers each mail as set."""

    def __init__(self, maildir: Path) -> None:
        super().__init__(maildir)
        self.answers: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            await super().handle_DATA(server, session, envelope)
        return answer


@pytest.fixture
def moody(own: AlertSettings, tmp_path: Path) -> Iterator[tuple[Moody, AlertSettings]]:
    handler = Moody(tmp_path / "mail")
    (port,) = free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, changed(own, smtp_url=f"smtp://127.0.0.1:{port}", language=Language.EN)
    controller.stop()


def start_alert(influx: InfluxStore, own: AlertSettings, now: datetime) -> None:
    """Let an alert begin."""
    put_hours(influx, "t-01", floor_hour(now) - 2 * HOUR, [20.0, 220.0], **O3)
    look(own, now)


def look(own: AlertSettings, now: datetime) -> None:
    evaluate(own, now - 2 * DAY, now, now)


def subjects(maildir: Path) -> list[str]:
    return [str(item["Subject"]) for item in mails(maildir)]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def settled(state: StateStore) -> dict[str, list[str]]:
    """States of the deliveries, oldest first, by what they are about: ``begin`` or ``end``."""
    found: dict[str, list[str]] = {"begin": [], "end": []}
    by_id = {item.id: item.transition for item in state.alerts.list()}
    for item in sorted(state.deliveries.list(), key=lambda delivery: delivery.id):
        kind = "end" if by_id[item.transition_id].to_state is AlertState.OK else "begin"
        found[kind].append(item.state)
    return found


def test_an_end_that_is_found_with_its_beginning_is_one_mail_that_says_both(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 6 * HOUR, [160.7, 299.1, 205.0, 30.0, 28.0, 25.0], **O3)
    put_hours(influx, "t-01", hour - 6 * HOUR, [20.0, 220.0, 205.0, 30.0, 28.0, 25.0], **O3)
    look(own, now)
    assert deliver(own, now) == 1
    (mail,) = mails(tmp_path / "mail")
    assert mail["Subject"].startswith("[Ended, reported late] Ozone above the hourly limit at Test 1, lasted 2 h")
    assert mail["Subject"].endswith("maximum 220 µg/m³, now 25")
    text = text_of(mail)
    assert "The alert began and ended before a mail could be sent" in text
    assert "Now: 25 µg/m³ · as of" in text
    assert settled(state) == {"begin": ["sent"], "end": ["sent"]}
    assert deliver(own, now) == 0


def test_after_a_dead_mail_server_every_end_arrives(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    server = servers.smtp_sink(tmp_path / "late")
    own = changed(own, smtp_url=server.url, language=Language.EN)
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 2 * HOUR, [20.0, 220.0], **O3)
    with servers.running(server):
        look(own, now)
        assert deliver(own, now) == 1  # mailed; it ends while the server is away
    for number in (2, 3):
        put_hours(influx, f"t-0{number}", hour - 2 * HOUR, [20.0, 220.0], **O3)
    for number, values in ((1, [30.0] * 30), (2, [30.0] * 30), (3, [230.0] * 30)):
        put_hours(influx, f"t-0{number}", hour, values, **O3)
    for hours in (0, 1, 20, 30):  # longer than notify_max_age_h
        look(own, now + hours * HOUR)
        assert deliver(own, now + hours * HOUR) == 0
    with servers.running(server):
        assert deliver(own, now + 30 * HOUR) == 3
    found = subjects(tmp_path / "late" / "maildir")
    assert found[0].startswith("[Warning]")
    assert {item.partition("]")[0] for item in found} == {"[Warning", "[Resolved", "[Ended, reported late"}
    assert "skipped" not in str(settled(state))


def test_an_end_after_a_refused_beginning_goes_with_it(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    server, own = moody
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 2 * HOUR, [20.0, 220.0], **O3)
    look(own, now)
    server.answers = ["451 later"] * 3
    assert deliver(own, now) == 0
    put_hours(influx, "t-01", hour, [30.0, 30.0], **O3)
    look(own, now + 2 * HOUR)
    assert deliver(own, now + 2 * HOUR) == 1
    assert [item[:12] for item in subjects(tmp_path / "mail")] == ["[Ended, repo"]
    assert settled(state) == {"begin": ["sent"], "end": ["sent"]}


def test_the_end_of_a_beginning_that_was_refused_for_good_says_both(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    server, own = moody
    start_alert(influx, own, now)
    server.answers = ["554 no"]
    assert deliver(own, now) == 0
    put_hours(influx, "t-01", floor_hour(now), [30.0, 30.0], **O3)
    look(own, now + 2 * HOUR)
    assert deliver(own, now + 2 * HOUR) == 1
    assert subjects(tmp_path / "mail")[0].startswith("[Ended, reported late]")
    assert settled(state) == {"begin": ["failed"], "end": ["sent"]}


def test_a_worker_that_dies_with_a_beginning_in_hand_loses_neither_it_nor_its_end(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    start_alert(influx, own, now)
    clock = datetime.now(UTC)
    assert state.deliveries.claim("dead", "email", now=clock)
    put_hours(influx, "t-01", floor_hour(now), [30.0, 30.0], **O3)
    look(own, now + 2 * HOUR)
    assert deliver(own, now + 2 * HOUR) == 0  # the end waits for its beginning
    assert settled(state) == {"begin": ["claimed"], "end": ["pending"]}
    begin = state.deliveries.list(state="claimed")[0]
    state.deliveries.release(begin.id, "dead", clock)  # what the end of its lease does
    assert deliver(own, now + 2 * HOUR) == 1
    assert subjects(tmp_path / "mail")[0].startswith("[Ended, reported late]")
    assert settled(state) == {"begin": ["sent"], "end": ["sent"]}


def test_a_mail_that_is_sent_again_after_a_crash_has_the_same_message_id_and_a_new_database_another(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    start_alert(influx, own, now)
    deliver(own, now)
    (delivery,) = state.deliveries.list()
    with state.database.writing() as connection:
        connection.exec_driver_sql("UPDATE delivery SET state = 'pending', due_at = '2020-01-01'")
    deliver(own, now)
    rebuilt = changed(own, state_url=f"sqlite:///{tmp_path / 'rebuilt.sqlite'}")
    look(rebuilt, now)
    deliver(rebuilt, now)
    first, again, other = [item["Message-ID"] for item in mails(tmp_path / "mail")]
    assert first == again == delivery.detail
    assert other != first


def test_workers_at_once_mail_every_beginning_and_every_end_once(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    hour = floor_hour(now)
    for number in range(1, 5):
        put_hours(influx, f"t-0{number}", hour - 6 * HOUR, [20.0, 620.0, 630.0, 30.0, 30.0, 30.0], code="so2")
    start = threading.Barrier(4)

    def work(hours: int) -> None:
        start.wait()
        for later in range(hours, 0):
            look(own, now + later * HOUR)
            deliver(own, now + later * HOUR)
        look(own, now)
        deliver(own, now)

    workers = [threading.Thread(target=work, args=(-hours,)) for hours in (0, 1, 3, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while state.deliveries.list(state="pending"):  # an end that met its beginning on its way looks again in 10 s
        with state.database.writing() as connection:
            connection.exec_driver_sql("UPDATE delivery SET due_at = '2020-01-01' WHERE state = 'pending'")
        deliver(own, now)
    assert settled(state) == {"begin": ["sent"] * 4, "end": ["sent"] * 4}
    found = subjects(tmp_path / "mail")
    for number in range(1, 5):
        own_mails = [item for item in found if f"at Test {number}," in item]
        ends = [item for item in own_mails if not item.startswith("[Warning]")]
        assert len(ends) == 1
        assert len(own_mails) <= 2


def test_a_mail_goes_without_its_picture_while_the_time_series_cannot_be_read(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    start_alert(influx, own, now)
    (port,) = free_ports(1)
    assert deliver(changed(own, influx_url=f"http://127.0.0.1:{port}"), now) == 1
    (mail,) = mails(tmp_path / "mail")
    assert "220 µg/m³" in mail["Subject"]


def test_the_levels_of_one_event_show_one_extreme_with_the_value_now(
    moody: tuple[Moody, AlertSettings], influx: InfluxStore, state: StateStore, now: datetime, tmp_path: Path
) -> None:
    _, own = moody
    hour = floor_hour(now)
    rise = [20.0, 90.0, 130.0, 160.7, 299.1, 210.0, 128.0]
    for step in range(3, 8):
        put_hours(influx, "t-01", hour - 7 * HOUR, rise[:step])
        moment = hour - (7 - step) * HOUR + timedelta(minutes=5)
        look(own, moment)
    deliver(own, now)
    progress = {
        key: item.progress for key, item in state.alerts.get_states().items() if item.state is AlertState.FIRING
    }
    assert set(progress) == {"pm25-light/t-01/pm25", "pm25-moderate/t-01/pm25", "pm25-heavy/t-01/pm25"}
    assert {(item.extreme, item.extreme_at) for item in progress.values()} == {(299.1, hour - 3 * HOUR)}
    assert {(item.latest, item.latest_at) for item in progress.values()} == {(128.0, hour)}
    (mail,) = mails(tmp_path / "mail")
    assert mail["Subject"] == "[Critical] PM2.5 heavily polluted at Test 1, 299.1 µg/m³"
    assert "Now: 128 µg/m³ · as of" in text_of(mail)


def test_the_extreme_is_that_of_the_values_as_they_are_now(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    hour = floor_hour(now)
    put_hours(influx, "t-01", hour - 4 * HOUR, [20.0, 190.0, 980.0, 200.0])
    look(own, now)
    put_hours(influx, "t-01", hour - 2 * HOUR, [980.0], flag=4)  # a spike, failed later
    look(own, now)
    assert state.alerts.get_states()["pm25-heavy/t-01/pm25"].progress.extreme == 200.0
