"""Refusals of the analysis commands are in the language of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.cli.analyse.test_deweather import beijing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command import Done


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("report --city 210100", "需要 --day、--month、--year 之一"),
        ("report --day 2026-05-01", "需要 --city 代码、--province 与 FILE... 之一"),
        ("report --city 210100 --day 2026-05", "应为日"),
        ("report --city 210100 --day may", "应为日、月或年"),
        ("report --city 210100 --day-from 2026-05-03 --day-to 2026-05-01", "应为先后顺序的 1 至 366 天"),
        ("report --city 210100 --day 2026-05-01 --format doc", "应为 html, pdf, xlsx 之一"),
        ("report --city 210100 --day 2199-05-01", "尚未开始"),
        ("deweather --store", "--store 需要 --city"),
        ("deweather --day-from 2026-05-03 --day-to 2026-05-01", "早于 --day-from 2026-05-03"),
        ("deweather FILE --dataset beijing", "共 2 个月，需要 24 个月"),
        ("deweather FILE --dataset beijing --station x", "文件中没有站点 x"),
        ("score --station nowhere", "未知站点或城市“nowhere”"),
        ("score --day-from 2026-05-03 --day-to 2026-05-01", "早于 --day-from 2026-05-03"),
    ],
)
def test_a_refusal_is_in_chinese_where_the_settings_are(
    line: str, said: str, tmp_path: Path, command: Callable[..., Done]
) -> None:
    path = str(beijing(tmp_path / "PRSA_Data_Dongsi_x.csv", 40)) if "FILE" in line else ""
    done = command("analyse", *line.replace("FILE", path).split(), language="zh")
    assert done.returncode == 2, done.stdout
    # an error of an argument is drawn in a box, which breaks lines
    assert "".join(said.split()) in "".join(done.stderr.replace("│", "").split())
