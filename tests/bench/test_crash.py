from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.crash import Outcome, Sizes, table


@pytest.mark.integration
def test_short_form_of_the_crash_matrix_loses_and_doubles_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.crash", "--short"], capture_output=True, text=True, timeout=300, check=False
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stdout + run.stderr
    assert [(row["name"], row["lost"], row["duplicated"]) for row in rows] == [
        (name, 0, 0)
        for name in (
            "collector-kill",
            "influxd-kill",
            "type-conflict",
            "clock-jump",
            "poison",
            "broker-stop",
            "broker-kill",
            "gateway-kill",
            "disk-full",
            "read-only",
        )
    ]
    assert all(row["sent"] > 0 for row in rows)


@pytest.mark.parametrize("wrong", [{"stored": 9}, {"lost": 1}, {"duplicated": 1}])
def test_outcome_that_does_not_add_up_is_not_sound(wrong: dict[str, int]) -> None:
    assert Outcome("poison", "", sent=10, stored=8, quarantined=2).is_sound
    assert not Outcome("poison", "", **({"sent": 10, "stored": 8, "quarantined": 2} | wrong)).is_sound


def test_page_shows_every_outcome() -> None:
    page = table([Outcome("poison", "3 times", sent=10, stored=7, quarantined=3)], Sizes(), 60.0)
    assert "| undecodable message amid sound ones | 3 times | 10 | 0 | 0 | 7 | 3 | 0 | 0 | 0 | 0.0 |" in page
