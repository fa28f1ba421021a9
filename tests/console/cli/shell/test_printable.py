"""What a station sends acts on no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from console.cli.shell.printable import printable
from schemas.message import RawMessage, Topic
from schemas.reading import Rejection, RejectReason
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n     99  forged \u202e"


def test_control_characters_are_written_as_escapes_and_letters_stay() -> None:
    assert printable(f"沈阳 µg/m³ {HOSTILE}") == ("沈阳 µg/m³ \\x1b]0;owned\\x07\\x1b[2J\\r\\n     99  forged \\u202e")


@pytest.mark.parametrize("command", [("list",), ("show", "1")])
def test_a_refused_message_is_listed_and_shown_without_acting_on_the_terminal(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    topic = Topic("gas", "a", "i", "json")
    with StateStore(url) as state:
        state.migrate()
        message = RawMessage("obs/v1/gas/a/i/json", HOSTILE.encode(), datetime.now(UTC))
        state.quarantine.add(
            message, topic, [Rejection(RejectReason.UNKNOWN_PARAMETER, f"no {HOSTILE}", "a", "i", HOSTILE)]
        )
    own = {"SKYGROUND_RUN_DIR": str(tmp_path), "SKYGROUND_STATE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", "quarantine", *command],
        env=os.environ | own,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert b"owned" in done.stdout
    assert not {b"\x1b", b"\x07", b"\r"} & {bytes([sign]) for sign in done.stdout}
    assert not [line for line in done.stdout.splitlines() if line.startswith(b"     99")]
