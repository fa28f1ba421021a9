from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from console.cli import build_app
from schemas.civil_moment import MomentError, parse_civil_moment, parse_day
from tests.console.conftest import NETWORK

if TYPE_CHECKING:
    from pathlib import Path

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        *(
            (text, "2026-11-21T16:00", "2026-11-22T16:00")
            for text in ("2026-11-22", "20261122", "2026-W47-7", "2026W477", "2026-326", "2026326", " 2026-11-22 ")
        ),
        ("2026-W47", "2026-11-15T16:00", "2026-11-22T16:00"),
        ("2026-11", "2026-10-31T16:00", "2026-11-30T16:00"),
        ("2026-12", "2026-11-30T16:00", "2026-12-31T16:00"),
        ("2026", "2025-12-31T16:00", "2026-12-31T16:00"),
    ],
)
def test_a_date_in_any_form_begins_at_its_first_moment_and_ends_with_its_last(text: str, start: str, end: str) -> None:
    found = [parse_civil_moment(text, SHANGHAI, is_end=is_end) for is_end in (False, True)]
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in found] == [start, end]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00",
        "2026-11-22 08:00",
        "2026-11-22t08",
        "20261122T0800",
        "2026-W47-7T08:00:00",
        "2026-11-22T00:00Z",
        "20261122T000000z",
        "2026-11-22T08:00:00.000+08:00",
        "2026-11-22T08:00:00,0+0800",
        "2026-11-21T19:00-05",
    ],
)
@pytest.mark.parametrize("is_end", [False, True])
def test_a_time_is_that_moment_as_start_and_as_end(text: str, *, is_end: bool) -> None:
    assert parse_civil_moment(text, SHANGHAI, is_end=is_end) == datetime(2026, 11, 22, tzinfo=UTC)


def test_twenty_four_o_clock_is_the_end_of_the_day() -> None:
    assert parse_civil_moment("2026-12-31T24:00", SHANGHAI) == datetime(2026, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-1122",
        "2026-W477",
        "2026W47-7",
        "202611",
        "26-11-22",
        "2026-11-22T",
        "2026-11T08:00",
        "2026-W47T08:00",
        "2026-11-22T08:0000",
        "2026-11-22x08:00",
        "2026-11-22Z",
        "2026-11-22T08:00+8",
        "２０２６-11-22",
        "2026-11-22T08:00:00Z; DROP",
        "1764028800",
    ],
)
def test_what_is_no_date_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(MomentError, match="2026-W47-7, 2026-326"):
        parse_civil_moment(text, SHANGHAI)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-02-29", "day"),
        ("2026-13", "month"),
        ("2026-366", "no day 366"),
        ("2026-000", "no day 0"),
        ("2025-W53-1", "week"),
        ("2026-W47-8", "day"),
        ("2026-11-22T25:00", "hour"),
        ("2026-11-22T24:01", "hour"),
        ("2026-11-22T08:60", "minute"),
        ("2026-11-22T08:00:60", "second"),
        ("2026-11-22T08:00+24:00", "offset"),
        ("0000-01-01", "a year from 1900 to 2199"),
        ("0001-01-01", "a year from 1900 to 2199"),
        ("0001-01-01T00:00+23:00", "a year from 1900 to 2199"),
        ("9999-12-31", "a year from 1900 to 2199"),
        ("9999", "a year from 1900 to 2199"),
        ("2200-01-01T00:01Z", "a year from 1900 to 2199"),
    ],
)
def test_a_day_or_time_that_does_not_exist_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(MomentError, match=words):
        parse_civil_moment(text, SHANGHAI, is_end=True)


def test_the_day_of_a_change_of_clocks_is_whole() -> None:
    spans = [
        parse_civil_moment(day, BERLIN, is_end=True) - parse_civil_moment(day, BERLIN)
        for day in ("2026-03-29", "2026-10-25")
    ]
    assert spans == [timedelta(hours=23), timedelta(hours=25)]


def test_a_clock_time_that_occurs_twice_or_never_makes_the_interval_the_longer_one() -> None:
    for text in ("2026-10-25T02:30", "2026-03-29T02:30"):
        start, end = (parse_civil_moment(text, BERLIN, is_end=is_end) for is_end in (False, True))
        assert end - start == timedelta(hours=1)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_an_explained_error(text: str) -> None:
    with suppress(MomentError):
        assert parse_civil_moment(text, SHANGHAI).tzinfo is UTC


@given(st.dates(date(1900, 1, 2), date(2199, 12, 30)))
def test_every_form_of_a_day_is_the_same_day(moment: date) -> None:
    week = moment.isocalendar()
    forms = [
        f"{moment:%Y-%m-%d}", f"{moment:%Y%m%d}", f"{moment:%Y-%j}", f"{moment:%Y%j}",
        f"{week.year}-W{week.week:02d}-{week.weekday}", f"{week.year}W{week.week:02d}{week.weekday}",
    ]  # fmt: skip
    assert {parse_day(form) for form in forms} == {moment}
    assert len({parse_civil_moment(form, SHANGHAI, is_end=True) for form in forms}) == 1


@pytest.mark.parametrize("text", ["2026-11", "2026-W47", "2026", "2026-11-22T08:00", "1899-12-31", "x"])
def test_a_single_day_is_no_month_and_no_time(text: str) -> None:
    with pytest.raises(MomentError, match="expected a day in ISO 8601"):
        parse_day(text)


def test_a_day_is_that_day() -> None:
    assert parse_day("2026-W47-7") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("export --network gas --output x.csv --from {} --to 2026-11-22", "--from"),
        ("export --network gas --output x.csv --from 2026-11-22 --to {}", "--to"),
        ("export --network gas --output x.csv --level native --from 2026-11-22 --to 2026-11-22 --as-of {}", "--as-of"),
        ("revisions --from {}", "--from"),
        ("gaps list --to {}", "--to"),
        ("gaps ask ln-sy-01 gas1 --from {} --to 2026-11-22", "--from"),
        ("balance --from {}", "--from"),
        ("qc run --from {}", "--from"),
        ("qc gate --from {}", "--from"),
        ("qc why --station ln-sy-01 --parameter o3 --at {}", "--at"),
        ("qc verdict --station ln-sy-01 --parameter o3 --at {}", "--at"),
        ("qc thresholds derive o3 --station ln-sy-01 --from {}", "--from"),
        ("qc arrivals --from {}", "--from"),
        ("qc drift o3 --station ln-sy-01 --from {}", "--from"),
        ("qc scores --network gas --from {}", "--from"),
        ("qc calibration list --from {}", "--from"),
        ("review list --from {}", "--from"),
        ("review completeness --network gas --from {}", "--from"),
        ("alerts evaluate --from {} --to 2026-11-22", "--from"),
        ("analyse attribution --end {}", "--end"),
        ("analyse forecast --now {}", "--now"),
        ("analyse coanalysis --day-from {}", "--day-from"),
        ("simulate --from {}", "--from"),
        ("replay supersite --until {}", "--until"),
    ],
)
@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59-12:00", "yesterday"])
def test_every_command_refuses_a_wrong_moment_and_names_its_option(
    command: str, option: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network = tmp_path / "network.toml"
    network.write_text(NETWORK, encoding="utf-8")
    monkeypatch.setenv("SKYGROUND_NETWORK", str(network))
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    result = CliRunner().invoke(build_app(), command.format(text).split())
    assert result.exit_code == 2, result.output
    assert option in result.output
    assert "expected" in result.output
