from __future__ import annotations

from pathlib import Path

import console.cli
from console.cli import COMMANDS

FOLDER = Path(console.cli.__file__).parent


def test_every_module_that_registers_a_command_is_in_the_list_of_commands() -> None:
    modules = {path.stem: path for path in FOLDER.glob("*.py")}
    rooms = {path.parent.name: path for path in FOLDER.glob("*/__init__.py")}
    found = {name for name, path in modules.items() if "\ndef register(" in path.read_text("utf-8")}
    found |= {name for name, path in rooms.items() if "register" in path.read_text("utf-8")}
    assert found == set(COMMANDS)
