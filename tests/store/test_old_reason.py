from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command

from schemas.column import TAKEN_BACK
from schemas.reason import parse_reason, reason_text
from schemas.words import LANGUAGES, sentence, words
from store.influx.store import Bucket, InfluxStore
from store.old_reason import upgraded
from store.state import LimitSnapshot, StateStore
from store.state.database import _alembic_config

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
TEMPLATES = tomllib.loads(files("store").joinpath("old_reasons.toml").read_text(encoding="utf-8"))
EACH = [(test, kind) for test, kinds in TEMPLATES.items() for kind in kinds]
TEXTS = {"unit": "ug/m3", "letter": "C", "word": "calibration", "check": "zero", "why": "repeats itself"}
MOMENTS = {"at", "good_at", "until"}
SPIKE = "9.5 ug/m3 stands out from 1.1 before and 1 after, limit 20"


def _old(test: str, kind: str) -> str:
    """A sentence as the version before wrote it."""
    names = re.findall(r"\{(\w+)\}", TEMPLATES[test][kind])
    texts = TEXTS | dict.fromkeys(MOMENTS, "2026-11-20T04:00Z")
    return str(TEMPLATES[test][kind].format(**{name: texts.get(name, f"{-1.5 - at}") for at, name in enumerate(names)}))


def test_every_test_of_the_version_before_has_templates() -> None:
    assert all(f"qc.{test}.name" in words("en").catalogue for test in TEMPLATES)
    assert len(EACH) == 70


@pytest.mark.parametrize(("test", "kind"), EACH)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_old_sentence_is_read_in_both_languages_with_its_figures(test: str, kind: str, language: str) -> None:
    found = parse_reason(upgraded(test, _old(test, kind)))
    assert found is not None
    assert (found.test, found.kind) == (test, kind)
    text = sentence(upgraded(test, _old(test, kind)), language)
    assert text == words(language)(found.key, **found.figures)
    assert not re.search(r"\{|nan|–", text)


def test_an_old_sentence_is_the_reason_that_is_stored_today() -> None:
    figures = {"value": 9.5, "unit": "ug/m3", "before": 1.1, "after": 1.0, "limit": 20.0}
    assert upgraded("spike", SPIKE) == reason_text("spike", "step", **figures)


@pytest.mark.parametrize(
    ("low", "high", "kind"), [("0.5", "2", "band"), ("-", "0.15", "above"), ("0.5", "-", "below"), ("-5", "-1", "band")]
)
def test_a_band_with_one_bound_is_recognised(low: str, high: str, kind: str) -> None:
    found = parse_reason(upgraded("nox_sum", f"NO2 and NO as NO2, over NOx: 3, expected {low} to {high}"))
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("text", ["", "moved the instrument", reason_text("spike", "step", value=1.0)])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert upgraded("spike", text) == text
    assert upgraded("no_such_test", SPIKE) == SPIKE


def test_a_withdrawn_flag_is_recognised() -> None:
    assert upgraded("spike", "taken back by a later run") == TAKEN_BACK
    assert sentence(TAKEN_BACK, "zh") == "后续运行已撤销"


@pytest.mark.integration
def test_flags_that_the_version_before_wrote_are_read_as_reasons(influx: InfluxStore) -> None:
    rows = [
        ("spike", 3, SPIKE),
        ("flat_line", 3, "a note of a person"),
        ("dose_rise", 1, "taken back by a later run"),
        ("isolated", 3, reason_text("isolated", "alone", minutes=30)),
    ]
    flags = pd.DataFrame(
        [(NOON, "a", "i", "so2", *row) for row in rows],
        columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"],
    )
    influx.write_flags(Bucket.NATIVE, "gas", flags)
    found = influx.read_flags(Bucket.NATIVE, "gas", NOON, NOON + timedelta(hours=1)).set_index("test")["reason"]
    assert {test: sentence(text, "zh") for test, text in found.items()} == {
        "spike": "9.5 µg/m³，前值 1.1，后值 1，限值 20",
        "flat_line": "a note of a person",
        "isolated": "前后 30 分钟内均无其他数据",
    }


def test_the_migration_carries_the_history_of_flags_over(store: StateStore) -> None:
    rule = LimitSnapshot(digest="d", test="spike", version="v", figures={})
    row = {
        "level": "native", "network": "gas", "station_id": "a", "instrument_id": "i", "parameter": "so2", "test": "spike",
        "start": NOON, "flag": 1, "reason": "taken back by a later run", "flag_before": 3, "reason_before": SPIKE,
        "end_before": None, "rule": "d", "run_id": "r",
    }  # fmt: skip
    noted = row | {"reason": "a note", "flag": 3, "reason_before": ""}
    with store.database.writing() as connection:
        command.downgrade(_alembic_config(connection), "0008")
    store.flag_history.add_changes([rule], [row, noted])
    store.migrate()
    first, second = store.flag_history.list_changes(start=NOON, end=NOON + timedelta(hours=1))
    assert sentence(first.reason_before, "zh") == "9.5 µg/m³，前值 1.1，后值 1，限值 20"
    assert sentence(first.reason, "en") == "withdrawn by a later run"
    assert (second.reason, second.reason_before) == ("a note", "")


@pytest.mark.slow
def test_the_migration_changes_many_rows(store: StateStore) -> None:
    with store.database.writing() as connection:
        command.downgrade(_alembic_config(connection), "0008")
        connection.execute(sa.text("INSERT INTO flag_rule VALUES ('d', 'spike', 'v', '{}')"))
        many = (
            "INSERT INTO flag_change (level, network, station_id, parameter, test, start, flag, reason, flag_before, "
            "reason_before, rule, run_id, recorded_at) VALUES ('native', 'gas', 'a', 'so2', 'spike', '2026-11-20 04:00:00', 3, "
            ":reason, 1, '', 'd', 'r', '2026-11-20 04:00:00')"
        )
        connection.execute(sa.text(many), [{"reason": SPIKE.replace("9.5", str(value))} for value in range(25_000)])
    store.migrate()
    with store.database.reading() as connection:
        left = connection.execute(sa.text("SELECT count(*) FROM flag_change WHERE reason NOT LIKE '{%'")).scalar()
    assert left == 0


def test_an_unknown_status_letter_is_named_as_one() -> None:
    stored = upgraded("status", "the instrument reported x: unknown letter")
    assert [sentence(stored, language) for language in ("en", "zh")] == [
        "unknown instrument status x",
        "未知的仪器状态标识 x",
    ]
