"""``skyground alerts rehearse`` over stored hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from alerts.rules.rules import parse_rules
from alerts.rules.threshold.rule import ThresholdRule
from alerts.run.rehearsal import Rehearsal, with_threshold
from store.influx.store import InfluxStore
from tests.analysis.frames import checked, hours
from tests.analysis.run.fill import environment, filled_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings
    from tests.command import Done

RULE = """
[[rule]]
name = "pm25-test"
kind = "threshold"
title_zh = "a"
title_en = "a"
advice_zh = "a"
advice_en = "a"
severity = "info"
source = "test"
verified = false
network = "gas"
parameter = "pm25"
unit = "ug/m3"
above = 60
clear = 50

[[rule]]
name = "quiet"
kind = "silence"
title_zh = "a"
title_en = "a"
advice_zh = "a"
advice_en = "a"
severity = "info"
source = "test"
verified = false
"""
SPAN = ("--from", "2026-05-01", "--to", "2026-05-28")


@pytest.fixture
def run(settings: SharedSettings, tmp_path: Path, command: Callable[..., Done]) -> Callable[..., Done]:
    own = filled_settings(settings, tmp_path, 32, 2)
    rng, count = np.random.default_rng(3), 32 * 24
    pm25 = 45 + 25 * np.sin(np.arange(count) / 30) + 6 * rng.standard_normal(count)
    InfluxStore(own).write_hourly("gas", "st-0", checked(pd.DataFrame({"pm25": hours(pm25)})))
    (tmp_path / "rules.toml").write_text(RULE, encoding="utf-8")
    return lambda *words: command("alerts", *words, "--rules", str(tmp_path / "rules.toml"), **environment(own))


def test_a_rule_is_rehearsed_with_a_curve_and_a_picture(run: Callable[..., Done], tmp_path: Path) -> None:
    done = run("rehearse", "pm25-test", *SPAN, "--png", str(tmp_path / "a.png"), "--json")
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout, type=Rehearsal)
    assert found.hours > 1000
    assert "pm25 > 60" in found.truth
    assert found.present.events == found.present.detected
    assert found.present.pod == 1.0
    assert found.present.lead_h is not None
    assert found.present.lead_h < 0 < found.curve[0].far
    assert [item.threshold for item in found.curve] == sorted(item.threshold for item in found.curve)
    assert found.curve[0].mails_a_week >= found.curve[-1].mails_a_week
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    lines = run("rehearse", "pm25-test", *SPAN, "--threshold", "80").stdout.splitlines()
    assert len(lines) == 4
    assert "POD" in lines[-1]
    refused = run("rehearse", "absent", *SPAN)
    assert (refused.returncode, "expected one of pm25-test, quiet" in refused.stderr) == (2, True)
    assert run("rehearse", "pm25-test", *SPAN, "--threshold", "nan").returncode == 2
    assert "only threshold rules" in run("rehearse", "quiet", *SPAN).stderr
    assert "no valid hour" in run("rehearse", "pm25-test", "--from", "2020-01-01", "--to", "2020-01-02").stderr


def test_what_ends_an_alert_keeps_its_distance_from_the_threshold() -> None:
    (rule,) = parse_rules(RULE.split('[[rule]]\nname = "quiet"', maxsplit=1)[0], "r").items
    assert isinstance(rule, ThresholdRule)
    moved = with_threshold(rule, 90.0)
    assert (moved.above, moved.clear) == (90.0, 80.0)
