"""``skyground people``: the check, who is notified, and the roster by day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.alerts.conftest import NETWORK
from tests.alerts.people.build import DAY_NIGHT, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command import Done

OPERATOR = '[[team]]\nid = "op"\nname_zh = "运维"\nname_en = "Operator"\nmembers = ["zhao"]\nleader = "chief"\noperator_of = ["t-0[12]"]\n'


@pytest.fixture
def run(tmp_path: Path, command: Callable[..., Done]) -> Callable[..., Done]:
    """``skyground people`` with a network, and the people file of the first argument."""
    network, people = tmp_path / "network.toml", tmp_path / "people.toml"
    network.write_text(NETWORK, encoding="utf-8")

    def call(text: str, *words: str) -> Done:
        people.write_text(text, encoding="utf-8")
        return command("people", *words, run_dir=tmp_path, network=network, people=people, language="en")

    return call


def test_the_check_states_counts_and_that_there_is_no_hole(run: Callable[..., Done]) -> None:
    done = run(text_of(), "check")
    assert done.returncode == 0
    assert "4 persons, 1 team, 2 shifts, 0 routes; zone Asia/Shanghai" in done.stdout
    assert "no hole in the roster until" in done.stdout


def test_the_check_refuses_a_wrong_file_with_its_place(run: Callable[..., Done]) -> None:
    done = run(text_of().replace("li@example.org", "li"), "check")
    assert done.returncode == 2
    assert "people.toml: person 'li': key mail: 'li', expected an address" in done.stderr


def test_the_check_names_a_person_with_the_address_of_the_alerts(
    run: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_MAIL_REPLY_TO", "Desk <Li@example.org>")
    done = run(text_of(), "check")
    assert done.returncode == 0
    assert "person 'li': mail: li@example.org is the address of the alerts themselves" in done.stderr


def test_the_check_refuses_a_hole_within_seven_days(run: Callable[..., Done]) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    done = run(text_of(DAY_NIGHT + f'[[override]]\ndate = {day}\nshift = "day"\norder = []\n'), "check")
    assert done.returncode == 1
    assert f"Duty: no one on duty from {day} 08:00 to {day} 20:00" in done.stdout


def test_the_check_names_patterns_that_match_nothing_stations_without_operator_and_channels_without_url(
    run: Callable[..., Done],
) -> None:
    channel = 'name_zh = "li"\nchannels = [{ name = "sms", url_env = "NO_SUCH_URL" }]'
    done = run(
        text_of(DAY_NIGHT + OPERATOR.replace('"t-0[12]"', '"t-01", "x-*"')).replace('name_zh = "li"', channel), "check"
    )
    assert done.returncode == 0
    assert "team 'op': operator_of: x-* matches no station or city of the network" in done.stderr
    assert "7 stations without an operator (such as t-02)" in done.stderr
    assert "person 'li': channel 'sms': env:NO_SUCH_URL: empty or not set" in done.stderr


def test_who_is_notified_first_and_who_is_next(run: Callable[..., Done]) -> None:
    done = run(text_of(), "who", "--at", "2026-12-01T09:00", "--area", "210100")
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["at", "once", "li"],
        ["+15", "min", "wang"],
        ["+30", "min", "chief"],
    ]
    rows = [
        json.loads(line) for line in run(text_of(), "who", "--at", "2026-12-01T09:00", "--json").stdout.splitlines()
    ]
    assert [(row["person_id"], row["after_min"], row["channel"]) for row in rows] == [
        ("li", 0, "mail"),
        ("wang", 15, "mail"),
        ("chief", 30, "mail"),
    ]


def test_the_operator_of_a_station_is_notified_of_its_fault(run: Callable[..., Done]) -> None:
    text = text_of(DAY_NIGHT + OPERATOR)
    assert "zhao" in run(text, "who", "--kind", "fault", "--station", "t-01").stdout.splitlines()[1]
    done = run(text, "who", "--kind", "fault", "--station", "t-03", "--at", "2026-12-01T09:00")
    assert "li" in done.stdout.splitlines()[1].split()


@pytest.mark.parametrize(
    "words",
    [
        ("--area", "Dalian"),
        ("--severity", "loud"),
        ("--kind", "smog"),
        ("--station", "x"),
        ("--at", "yesterday"),
    ],
)
def test_a_wrong_option_is_named(run: Callable[..., Done], words: tuple[str, str]) -> None:
    done = run(text_of(), "who", *words)
    assert done.returncode == 2
    assert words[0] in done.stderr


def test_the_roster_has_a_line_for_each_shift_and_hole_of_a_day(run: Callable[..., Done]) -> None:
    tables = DAY_NIGHT + '[[override]]\ndate = 2026-12-02\nshift = "day"\norder = []\n'
    done = run(text_of(tables), "roster", "--from", "2026-12-01", "--to", "2026-12-02")
    lines = done.stdout.splitlines()
    assert lines[0] == "2026-12-01 Tue"
    assert lines[1].split()[-2:] == ["li", "(wang)"]
    assert lines[3] == "2026-12-02 Wed"
    assert lines[-1] == "Duty: no one on duty from 2026-12-02 08:00 to 2026-12-02 20:00"
    rows = run(text_of(tables), "roster", "--from", "2026-12-02", "--to", "2026-12-02", "--json").stdout.splitlines()
    assert [json.loads(row)["is_hole"] for row in rows] == [False, False, True]


def test_a_roster_of_no_days_is_refused(run: Callable[..., Done]) -> None:
    assert run(text_of(), "roster", "--from", "2026-12-03", "--to", "2026-12-02").returncode == 2


def test_without_a_people_file_the_addresses_are_checked(tmp_path: Path, command: Callable[..., Done]) -> None:
    network = tmp_path / "network.toml"
    network.write_text(NETWORK, encoding="utf-8")
    done = command(
        "people", "check", run_dir=tmp_path, network=network, people="", mail_to="a@b.org,c@d.org", language="en"
    )
    assert done.returncode == 0
    assert "SKYGROUND_MAIL_TO: 2 persons, 1 team, 0 shifts" in done.stdout
