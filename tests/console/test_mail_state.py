"""Alert mails that do not go out are seen on the health page, in the API, by ``skyground health`` and by ``doctor``."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.channels.outage import MAIL, mail_state
from console.api.routes import build_router
from console.query.queries import Queries
from console.web.render import Page
from schemas.parameter import load_parameters
from schemas.words import words
from store.influx.store import InfluxStore
from store.state import CaseChange, StateStore
from tests.alerts.case.build import begin, one, round_of
from tests.console.test_admin import findings, skyground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
AGO = timedelta(minutes=30)


@pytest.fixture
def source(settings: SharedSettings) -> Iterator[Queries]:
    load_parameters()
    with StateStore(settings.state_url) as state:
        state.migrate()
        influx = InfluxStore(settings)
        influx.ensure()
        yield Queries(settings, influx, state)
        influx.close()


def dead(source: Queries, *, since: datetime) -> None:
    """A message about a case that waits for a mail server that is not there."""
    (waiting,) = source.state.cases.append([CaseChange(case=one(round_of([], begin(1))))]) or ()
    source.state.notices.want(waiting.id, "duty@example.org", MAIL, version=1, due_at=since)
    source.state.channels.note(MAIL, ok=False, detail="Connection refused", now=since)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("zh", ("邮件服务器自", "起无法使用", "1 封告警邮件待发")),
        ("en", ("Mail server unavailable since", "Alert mails waiting: 1.", "skyground doctor --part watch")),
    ],
)
def test_the_health_page_opens_with_a_dead_mail_server(source: Queries, language: str, wanted: tuple[str, ...]) -> None:
    now = datetime.now(UTC)
    dead(source, since=now - AGO)
    page = Page(words=words(language, "page"), zone=source.network.timezone, now=now)
    text = page.render("health_mail.html", mail=source.health().mail)
    for part in (*wanted, "Connection refused"):
        assert part in text


def test_the_health_page_says_nothing_of_mails_that_go_out(source: Queries) -> None:
    now = datetime.now(UTC)
    source.state.channels.note(MAIL, ok=True, detail="", now=now)
    page = Page(words=words("en", "page"), zone=source.network.timezone, now=now)
    assert page.render("health_mail.html", mail=mail_state(source.state, now)).strip() == ""


def test_the_api_states_the_mails(source: Queries) -> None:
    now = datetime.now(UTC)
    dead(source, since=now - AGO)
    (answer,) = [route for route in build_router(source).routes if route.path == "/api/v1/health"]  # type: ignore[attr-defined]  # an APIRoute
    body = msgspec.json.decode(asyncio.run(answer.endpoint()).body)  # type: ignore[attr-defined]  # as above
    assert (body["mail"]["ok"], body["mail"]["waiting"], body["mail"]["detail"]) == (False, 1, "Connection refused")


def test_health_and_doctor_name_it_with_status_1(source: Queries, settings: SharedSettings, smtp_url: str) -> None:
    dead(source, since=datetime.now(UTC) - AGO)
    said = skyground(settings, "health", LANGUAGE="en")
    assert said.exit_code == 1
    assert said.output.startswith("Mail server unavailable since")
    line = json.loads(skyground(settings, "health", "--json").stdout.splitlines()[0])
    assert (line["part"], line["station"]) == ("mail", None)
    with source.state.database.writing() as connection:
        connection.exec_driver_sql("UPDATE notice SET due_at = '2020-01-01 00:00:00.000000'")
    found = findings(settings, "--part", "watch", SMTP_URL=smtp_url)["mail"]
    assert found["ok"] is False
    assert "1 alert mails wait since 2020-01-01" in str(found["detail"])


def test_health_names_a_people_file_that_cannot_be_used(source: Queries, settings: SharedSettings) -> None:
    del source
    path = settings.run_dir / "people.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("zone = 3\n", encoding="utf-8")
    said = skyground(settings, "health", LANGUAGE="en", PEOPLE=str(path))
    assert said.exit_code == 1
    assert "The people file cannot be used" in said.output
    told = skyground(settings, "health", "--json", PEOPLE=str(path)).stdout.splitlines()
    lines = [json.loads(line) for line in told if line.startswith("{")]
    assert [item["part"] for item in lines if "part" in item] == ["duty"]


def test_doctor_names_rules_that_match_no_station(settings: SharedSettings, smtp_url: str) -> None:
    from tests.alerts.rules.test_rules import RULE

    path = settings.run_dir / "rules.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RULE + 'stations = ["nowhere-*"]\n', encoding="utf-8")
    found = findings(settings, "--part", "watch", SMTP_URL=smtp_url, RULES=str(path))["rules"]
    assert found["ok"] is False
    assert "rule 'r' can never fire" in str(found["detail"])
