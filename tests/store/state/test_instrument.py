from __future__ import annotations

from datetime import UTC, datetime

from store.state import Clock, ClockState, Progress, StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_progress_and_clock_of_an_instrument_are_kept_apart(store: StateStore) -> None:
    def progress(seq: int) -> Progress:
        return Progress(
            network="gas", station_id="a", instrument_id="i", last_seq=seq, last_start=NOW, last_end=NOW, last_received_at=NOW
        )  # fmt: skip

    wrong = ClockState(
        network="gas", station_id="a", instrument_id="i", skew_s=-28800.0, clock=Clock.WRONG_ZONE, clock_since=NOW, held=3
    )  # fmt: skip
    store.instruments.note_progress([progress(7)])
    assert store.instruments.list("a")[0].clock is Clock.UNKNOWN
    store.instruments.note_clocks([wrong])
    store.instruments.note_progress([progress(8)])
    (state,) = store.instruments.list()
    assert (state.last_seq, state.clock, state.held, state.skew_s) == (8, Clock.WRONG_ZONE, 3, -28800.0)
    assert store.instruments.list("b") == []
