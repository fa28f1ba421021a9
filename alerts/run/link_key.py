"""The key that signs the links in mails: a file of this installation, made at the first start.

Errors::

    LinkKeyError(SettingsError)    the file cannot be read or made, or is too short; stops the start
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from store.settings import SettingsError

if TYPE_CHECKING:
    from alerts.settings import AlertSettings

KEY_BYTES = 32


class LinkKeyError(SettingsError):
    """The key cannot be used."""


def load_link_key(settings: AlertSettings) -> bytes:
    """The key, made where it is absent; readable by the owner alone. Of several processes one makes it, and all use that one.

    Raises
    ------
    LinkKeyError
    """
    path = settings.link_key
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes().strip()
    except OSError as error:
        msg = f"SKYGROUND_LINK_KEY_FILE: {path} cannot be read or made: {error.strerror or error}"
        raise LinkKeyError(msg) from error
    if len(key) < KEY_BYTES:
        msg = f"SKYGROUND_LINK_KEY_FILE: {path} has {len(key)} bytes, expected at least {KEY_BYTES}"
        raise LinkKeyError(msg)
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".link-")  # of mode 0600
    made = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(made, path)
    finally:
        made.unlink()
