"""Which instrument a verdict is about, and what it reads, on a real InfluxDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qc.run.verdict import CaseError, rule_of, verdict_of
from qc.verdict.word import Word
from schemas.interval import Interval
from schemas.reading import Reading
from schemas.words import render
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qc.verdict.verdict import Verdict
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = Interval(START + 90 * HOUR, START + 93 * HOUR)
NETWORK = network_text(
    station(
        "s1",
        instrument("retired", "gas", 600, "pm25", until="2026-06-03T00:00:00Z"),
        instrument("broken", "gas", 600, "pm25"),
        instrument("serving", "gas", 600, "pm25"),
        instrument("mass", "pm", 3600, "pm25", "pm10"),
        lon=123.4,
        lat=41.8,
    )
)


def readings(network: str, instrument: str, cadence: timedelta, until_h: int, high: float) -> Iterator[Reading]:
    """PM2.5 around 40, and in the case a rise and fall to ``high``."""
    rng = np.random.default_rng(len(instrument))
    for step in range(int(until_h * HOUR / cadence)):
        at = START + step * cadence
        share = (at - CASE.start) / CASE.duration
        rise = float(np.sin(np.pi * share)) if 0 <= share < 1 else 0.0
        value = 40 * (1 + 0.05 * float(rng.standard_normal())) + high * rise * (1 + 0.1 * float(rng.standard_normal()))
        yield Reading(network, "s1", instrument, Interval(at, at + cadence), {"pm25": value})


@pytest.fixture
def store(store: InfluxStore) -> InfluxStore:
    minutes = timedelta(minutes=10)
    written = [
        *readings("gas", "retired", minutes, 48, 0),
        *readings("gas", "broken", minutes, 92, 0),
        *readings("gas", "serving", minutes, 93, 200),
        *readings("pm", "mass", HOUR, 93, 0),
    ]
    assert store.write_readings(written).accepted == len(written)
    return store


@pytest.fixture
def asked(placed: SharedSettings, store: InfluxStore) -> Callable[..., Verdict]:
    def ask(**more: str) -> Verdict:
        return verdict_of(
            store, placed.stations, rule_of(placed.network), station_id="s1", parameter="pm25", interval=CASE, **more
        )

    return ask


def sentence_of(found: Verdict, name: str) -> str:
    return next(render(item.reason, "en") for item in found.evidence if item.name == name)


def test_the_case_is_of_the_instrument_with_most_readings_and_the_others_are_evidence(
    asked: Callable[..., Verdict],
) -> None:
    found = asked()
    assert found.word is Word.FAULT
    assert sentence_of(found, "twin").startswith("a second PM2.5 instrument does not follow (241/39")


def test_the_case_is_of_the_named_instrument(asked: Callable[..., Verdict]) -> None:
    assert asked(instrument_id="broken").word is not asked(instrument_id="serving").word


def test_of_two_instruments_that_part_the_one_that_stayed_where_it_was_is_not_called_faulty(
    asked: Callable[..., Verdict],
) -> None:
    found = asked(instrument_id="broken")
    assert (found.word, found.probability) == (Word.UNDECIDED, 0.5)
    assert "twin" in found.silent


def test_the_case_is_of_the_named_network(asked: Callable[..., Verdict]) -> None:
    assert "gap" in asked(network_code="pm").silent


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"instrument_id": "retired"}, "does not measure 'pm25' at that time"),
        ({"network_code": "voc"}, "no instrument of station s1 measures 'pm25' in network voc"),
        ({"instrument_id": "x"}, "instrument 'x' of station s1 does not measure 'pm25'"),
    ],
)
def test_an_instrument_that_did_not_measure_it_then_is_refused(
    asked: Callable[..., Verdict], named: dict[str, str], words: str
) -> None:
    with pytest.raises(CaseError, match=words):
        asked(**named)
