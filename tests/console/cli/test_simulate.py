"""``skyground simulate`` and signals."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ingest.mqtt.publisher import Sent
from sensors.simulator import Province

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from sensors.outgoing import OutgoingMessage
    from tests.command import Done


def test_signals_end_the_command_at_once_until_the_first_message_is_made(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    made = Province.messages

    def messages(province: Province, **words: Any) -> Iterator[OutgoingMessage]:
        for message in made(province, **words):
            happened.append("message")
            yield message

    def shutdown_on_signals() -> threading.Event:
        happened.append("handlers")
        return threading.Event()

    def publish(found: Iterator[OutgoingMessage], *_: object, **__: object) -> Sent:
        count = sum(1 for _ in found)
        return Sent(published=count, acknowledged=count, refused=0, unheard=0)

    monkeypatch.setattr(Province, "messages", messages)
    monkeypatch.setattr("console.cli.replay.shutdown_on_signals", shutdown_on_signals)
    monkeypatch.setattr("console.cli.replay.publish", publish)
    done = command("simulate", "--from", "2026-11-22", "--days", "0.1", "--city", "sy", "--network", "rad", "--json")
    assert done.returncode == 0, done.stderr
    assert happened[:2] == ["message", "handlers"]
    assert len(happened) > 2
