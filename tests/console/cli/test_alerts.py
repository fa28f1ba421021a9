"""``skyground alerts``: what the command line says of rules and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from store.state import AlertProgress, CaseChange, StateStore
from tests.alerts.case.build import begin, one, round_of
from tests.alerts.conftest import EXAMPLE, NETWORK
from tests.alerts.rules.test_rules import RULE
from tests.alerts.rules.test_watched import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command import Done

BY = ("--by", "duty@localhost")


@pytest.fixture
def run(tmp_path: Path, command: Callable[..., Done]) -> Callable[..., Done]:
    """``skyground alerts`` with a network and a state database of this test's own."""
    network = tmp_path / "network.toml"
    network.write_text(NETWORK, encoding="utf-8")
    return lambda *words, **settings: command("alerts", *words, run_dir=tmp_path, network=network, **settings)


def test_checking_rules_counts_their_stations_and_names_those_that_can_never_fire(run: Callable[..., Done]) -> None:
    done = run("rules", "check", str(EXAMPLE))
    assert done.returncode == 0
    assert "pm25-heavy               threshold   critical      8" in done.stdout
    named = [line.split("'")[1] for line in done.stderr.splitlines() if "can never fire" in line]
    absent = ["benzene-high", "gamma-above-baseline", "gamma-release", "pm25-several", "dust"]
    assert named == absent  # the network has no VOC, radiation or PM10, and one station a city


def test_a_rule_whose_patterns_match_no_station_is_an_error_of_the_check(
    tmp_path: Path, run: Callable[..., Done]
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULE + 'stations = ["ln-zz-*"]\n', encoding="utf-8")
    done = run("rules", "check", str(path))
    assert done.returncode == 1
    assert "rule 'r' can never fire: stations = ['ln-zz-*'], cities = ['*'] match no station" in done.stderr


def test_a_list_of_alerts_cuts_nothing_at_80_columns(tmp_path: Path, run: Callable[..., Done]) -> None:
    key = "gamma-dose-rate-above-its-baseline/ln-a-long-station-name-01/gamma_dose_rate"
    with StateStore(f"sqlite:///{tmp_path / 'state.sqlite'}") as state:
        state.migrate()
        change = msgspec.structs.replace(opened("hourly value"), alert_key=key, value=160.7, unit="nGy/h")
        state.alerts.save(change)
        status = state.alerts.get_states()[key]
        state.alerts.note_progress(
            {status.transition_id: AlertProgress(extreme=299.1, latest=25.0, latest_at=change.at)}
        )
    done = run("list")
    assert done.stdout.splitlines() == [
        f"1      firing  warning  {key}",
        "       since 2026-11-22 08:00Z  extreme 299.1 nGy/h  now 25 as of 2026-11-22 08:00Z",
    ]
    row = msgspec.json.decode(run("list", "--json").stdout)
    assert (row["value"], row["latest"], row["unit"]) == (299.1, 25.0, "nGy/h")


@pytest.mark.parametrize(
    "words",
    [("show", "99999999999999999999"), ("ack", "99999999999999999999", *BY), ("ack", "²", *BY)],
)
def test_an_alert_of_any_number_is_refused_in_one_line(run: Callable[..., Done], words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("skyground: there is no alert")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("test-mail", "--to", "a@b.org\r\nBcc: c@d.org"), "expected an address like li.na@example.org"),
        (("sink", "--port", "99999"), "less than or equal to 65535"),
        (("sink", "--port", "1", "--maildir", "/proc/none"), "skyground: 127.0.0.1:1, /proc/none: "),
    ],
)
def test_what_cannot_be_used_is_named_in_place_of_a_traceback(
    run: Callable[..., Done], words: tuple[str, ...], expected: str
) -> None:
    done = run(*words)
    assert done.returncode in {1, 2}
    assert expected in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_a_dead_database_ends_the_evaluation_with_one_line(run: Callable[..., Done], option: tuple[str, ...]) -> None:
    span = ("--from", "2026-11-27", "--to", "2026-11-27")
    done = run("evaluate", *span, *option, influx_url="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "InfluxDB at http://127.0.0.1:9 does not answer" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["qc calibration show", "quarantine show", "alerts show"])
def test_every_command_names_a_number_that_cannot_be_in_one_line(
    tmp_path: Path, command: Callable[..., Done], words: str
) -> None:
    done = command(*words.split(), "99999999999999999999", run_dir=tmp_path)
    assert done.returncode in {1, 2}  # commands of qc end with 2 where something cannot be done
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("zh", ("[警告]", "测试1号 PM2.5", "（限150）", "未认领")),
        ("en", ("[Warning]", "Test 1 PM2.5", ">150", "not taken")),
    ],
)
def test_cases_are_listed_in_the_words_of_their_mails(
    tmp_path: Path, run: Callable[..., Done], language: str, wanted: tuple[str, ...]
) -> None:
    with StateStore(f"sqlite:///{tmp_path / 'state.sqlite'}") as state:
        state.migrate()
        state.cases.append([CaseChange(case=one(round_of([], begin(1, "t-01"))))])
    done = run("cases", language=language)
    assert done.returncode == 0
    for text in wanted:
        assert text in done.stdout
