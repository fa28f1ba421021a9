"""``skyground alerts``: cases, actions and mutes on the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from schemas.alert_case import StepKind
from store.state import CaseChange, StateStore
from tests.alerts.delivery.build import case, step
from tests.alerts.run.test_delivery import PEOPLE
from tests.conftest import ROOT
from tests.store.state.build import transition
from tests.store.state.test_case import ALERT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command import Done


@pytest.fixture
def run(command: Callable[..., Done], sqlite_url: str, tmp_path: Path, state: StateStore) -> Callable[..., Done]:
    (tmp_path / "people.toml").write_text(PEOPLE)
    state.cases.append([CaseChange(case=case(step(1, StepKind.OPENED, alerts=(ALERT,)), alerts=(ALERT,)))])

    def alerts(*words: str) -> Done:
        given = {
            "people": tmp_path / "people.toml",
            "run_dir": tmp_path,
            "network": ROOT / "deploy/network.example.toml",
        }
        return command("alerts", *words, state_url=sqlite_url, language="en", **given)

    return alerts


def test_a_case_is_taken_handed_over_and_resolved(run: Callable[..., Done], state: StateStore) -> None:
    assert run("take", "c1", "--by", "li-na").returncode == 0
    assert "taken by wang" in run("hand-over", "c1", "--by", "li-na", "--to", "wang").stdout
    assert run("comment", "c1", "valve closed", "--by", "wang").returncode == 0
    assert run("resolve", "c1", "--by", "wang", "--cause", "instrument").returncode == 0
    found = state.cases.get("c1")
    assert found is not None
    assert [item.kind for item in found.steps] == ["opened", "taken", "handed_over", "commented", "resolved"]
    assert (found.state, found.cause) == ("resolved", "instrument")
    listed = [json.loads(line) for line in run("cases", "--json").stdout.splitlines()]
    assert [item["id"] for item in listed] == ["c1"]
    (line,) = run("cases").stdout.splitlines()
    assert re.match(r"c1  \[Resolved\] .+  Wang", line), "as the page has it"
    shown = json.loads(run("case", "c1", "--json").stdout)
    assert [item["recipient"] for item in shown["notices"]] == ["wang"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("take", "c9", "--by", "li-na"), "there is no case c9"),
        (("take", "c1", "--by", "mallory"), "'mallory' is no person of the people file: li-na, wang"),
        (("release", "c1", "--by", "li-na"), "c1"),
        (("resolve", "c1", "--by", "li-na", "--cause", "boredom"), "expected one of event"),
        (("mute", "--by", "li-na", "--reason", "x"), "name at least one station"),
        (("mute", "--by", "li-na", "--reason", "x", "--station", "ln-*", "--for", "99d"), "at most 30d"),
        (("mute", "--by", "li-na", "--reason", "x", "--station", "ln-*", "--for", f"{'9' * 30}d"), "at most 30d"),
        (("mute", "--by", "li-na", "--reason", "x", "--station", "zz-*"), "'zz-*' matches none of the stations"),
        (("mute", "--by", "li-na", "--reason", "x", "--station", ""), "'' matches none of the stations"),
        (("mute", "--by", "li-na", "--reason", "x", "--rule", "pm25-hevy"), "'pm25-hevy' matches none of the rules"),
        (("mute", "--by", "li-na", "--reason", "x", "--case", "c9"), "there is no case c9"),
        (("mute", "--by", "li-na", "--reason", " \n", "--station", "ln-*"), "empty, expected why"),
        (("comment", "c1", " ", "--by", "li-na"), "Case c1: text is missing."),
        (("ack", "high/a/so2", "--by", "mallory"), "'mallory' is no person of the people file"),
        (("unmute", "7"), "there is no mute 7"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    run: Callable[..., Done], words: tuple[str, ...], expected: str
) -> None:
    done = run(*words)
    assert done.returncode != 0
    assert expected in " ".join(done.stderr.replace("│", " ").split())


def test_an_action_and_a_mute_are_one_object_with_json(run: Callable[..., Done]) -> None:
    taken = json.loads(run("take", "c1", "--by", "li-na", "--json").stdout)
    assert (taken["id"], taken["taken_by"]) == ("c1", "li-na")
    muted = json.loads(run("mute", "--station", "ln-*", "--by", "li-na", "--reason", " a\r\nb ", "--json").stdout)
    assert (muted["id"], muted["reason"]) == (1, "a b")


def test_who_acknowledges_an_alert_has_its_case(run: Callable[..., Done], state: StateStore) -> None:
    state.alerts.save(transition())
    assert run("ack", ALERT.alert_key, "--by", "li-na", "--note", "on my way").returncode == 0
    found = state.cases.get("c1")
    assert found is not None
    assert found.taken_by == "li-na"


def test_a_mute_is_set_listed_and_ended(run: Callable[..., Done]) -> None:
    set_words = ("mute", "--station", "ln-sy-*", "--for", "2h", "--by", "li-na", "--reason", "calibration")
    assert run(*set_words).stdout.startswith("mute 1 until ")
    assert "ln-sy-*" in run("mutes").stdout
    assert run("unmute", "1").returncode == 0
    assert run("mutes").stdout == ""
