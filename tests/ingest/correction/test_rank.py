"""The one correction rule: what counts is a function of the messages, not of the order in which they are processed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.correction.contest import Contest, ReceivedReading
from ingest.correction.rank import digest_of, is_said_by, merged, ranked, settled
from schemas.interval import Interval
from schemas.reading import Reading
from store.state import Before, Contender

T0 = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def contender(minute: float, seq: int | None = None, *, is_answer: bool = False, **values: float) -> Contender:
    return Contender(
        network="gas",
        station_id="s",
        instrument_id="i",
        start=T0,
        digest=f"{minute} {seq} {sorted(values.items())}",
        received_at=T0 + minute * MINUTE,
        seq=seq,
        is_answer=is_answer,
        values=values,
        status={},
    )


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        (contender(1, so2=1.0), contender(5, so2=2.0), 2.0),
        (contender(1, 8, so2=1.0), contender(5, 7, so2=2.0), 1.0),  # the delayed original of a correction
        (contender(1, 7, so2=1.0), contender(5, 8, so2=2.0), 2.0),
        (contender(1, 4711, so2=1.0), contender(5, 1, so2=2.0), 2.0),  # the counter restarted
        (contender(1, 8, so2=1.0), contender(5, 8, so2=2.0), 2.0),
        (contender(1, 8, so2=1.0), contender(5, so2=2.0), 2.0),
        (contender(1, so2=1.0), contender(5, is_answer=True, so2=2.0), 1.0),
        (contender(1, is_answer=True, so2=1.0), contender(5, so2=2.0), 2.0),
        (contender(1, is_answer=True, so2=1.0), contender(5, is_answer=True, so2=2.0), 1.0),
    ],
)
def test_of_two_messages_the_one_of_higher_rank_counts(first: Contender, second: Contender, value: float) -> None:
    for pair in ((first, second), (second, first)):
        assert settled(pair, MINUTE).values == {"so2": value}


def test_rank_is_by_parameter() -> None:
    both, one = contender(1, so2=1.0, no2=5.0), contender(3, so2=2.0)
    assert settled([one, both], MINUTE).values == {"so2": 2.0, "no2": 5.0}


def test_a_letter_goes_with_the_message_that_names_its_parameter() -> None:
    faulty = msgspec.structs.replace(contender(1, so2=1.0), status={"so2": "D"})
    assert settled([faulty], MINUTE).status == {"so2": "D"}
    assert settled([faulty, contender(3, so2=1.0)], MINUTE).status == {}


_CONTENDERS = st.lists(
    st.builds(
        lambda minute, seq, value, answer: contender(minute, seq, is_answer=answer, so2=value),
        st.integers(0, 30),
        st.none() | st.integers(0, 20),
        st.sampled_from([1.0, 2.0, 3.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda item: item.received_at,
)


@given(_CONTENDERS, st.randoms())
def test_the_order_of_contenders_does_not_matter(contenders: list[Contender], rng: object) -> None:
    before = ranked(contenders, MINUTE)
    rng.shuffle(contenders)  # type: ignore[attr-defined]
    assert ranked(contenders, MINUTE) == before


@given(_CONTENDERS)
def test_an_answer_replaces_nothing(contenders: list[Contender]) -> None:
    others = [item for item in contenders if not item.is_answer]
    if others:
        assert settled(contenders, MINUTE) == settled(others, MINUTE)


def test_of_copies_the_first_receipt_counts_and_an_answer_is_one_only_throughout() -> None:
    one, again = contender(5, is_answer=True, so2=1.0), contender(2, so2=1.0)
    assert (merged(one, again).received_at, merged(one, again).is_answer) == (T0 + 2 * MINUTE, False)
    assert merged(again, one) == again


_MESSAGE = st.tuples(
    st.none() | st.integers(0, 8),
    st.dictionaries(st.sampled_from(["so2", "no2"]), st.sampled_from([1.0, 2.0, 3.0]), min_size=1),
    st.dictionaries(st.sampled_from(["so2", "no2"]), st.sampled_from(["D", "C"]), max_size=1),
)


def play(messages: list[tuple[int, tuple[int | None, dict[str, float], dict[str, str]]]], keeps_all: bool) -> Before:  # noqa: FBT001
    """Messages by minute of receipt, processed in this order, each point of the database as the contests leave it."""
    stored: Before | None = None
    rows: dict[str, Contender] = {}
    past: list[ReceivedReading] = []
    newest = T0 - MINUTE
    for minute, (seq, values, status) in messages:
        received_at = T0 + minute * MINUTE
        reading = Reading("gas", "s", "i", Interval(T0, T0 + MINUTE), dict(values), dict(status), seq)
        arrival = ReceivedReading(
            reading, received_at, 0, is_late=False, is_in_order=received_at >= newest, is_new=False
        )
        # what the raw log is asked for where nothing else is known
        known = [
            item
            for item in past
            if stored is not None
            and (is_said_by(stored, item.reading) or digest_of(item.reading) == digest_of(reading))
        ]
        contest = Contest(stored, rows.values(), known=known, cadence=MINUTE, keeps_all=keeps_all)
        contest.take(arrival)
        past.append(arrival)
        rows.update(contest.changed)
        stored, newest = contest.content, max(newest, received_at)
    assert stored is not None
    return stored


@given(st.lists(_MESSAGE, min_size=1, max_size=5), st.data())
def test_the_end_is_the_same_in_every_order_and_with_every_repetition(
    messages: list[tuple[int | None, dict[str, float], dict[str, str]]], data: st.DataObject
) -> None:
    # each message is received first at its own minute; copies come later
    known = [
        msgspec.json.encode([seq, sorted(values.items()), sorted(status.items())]) for seq, values, status in messages
    ]
    messages = [item for at, item in enumerate(messages) if known[at] not in known[:at]]
    received = list(enumerate(messages, 1))
    copies = data.draw(st.lists(st.sampled_from(received), max_size=4))
    everything = received + [(20 + at, message) for at, (_, message) in enumerate(copies)]
    shuffled = data.draw(st.permutations(everything))
    assert play(shuffled, keeps_all=True) == play(received, keeps_all=True)
