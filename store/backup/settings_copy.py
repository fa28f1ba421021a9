"""Settings in a backup: the files that settings name, and the settings themselves, with or without secrets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY|PASSPHRASE|ALARM_TO")  # the path of a web hook is its secret
_SUFFIX = re.compile(r"[a-z0-9]{1,16}")


class SettingsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a setting names; ``name`` is the setting without its prefix, lower case."""

    name: str
    path: Path
    is_secret: bool = False

    @property
    def stored_as(self) -> str:
        """Its path in a backup."""
        suffix = self.path.suffix.removeprefix(".").lower()
        return f"settings/{self.name}.{suffix if _SUFFIX.fullmatch(suffix) else 'txt'}"


def setting_lines(values: Mapping[str, str], *, has_secrets: bool) -> Iterator[str]:
    """Settings as lines ``NAME=value``; without secrets, the name of one that was left out is a comment."""
    for name, value in sorted(values.items()):
        if has_secrets or not is_secret(name, value):
            yield f"{name}={value}".replace("\n", " ")
        else:
            yield f"# {name}: secret, left out"


def is_secret(name: str, value: str) -> bool:
    """Whether a setting's value must not be shown: by its name, or a URL with a password."""
    if name.endswith(("_FILE", "_URL_FILE")):
        return False  # the name of a file
    if _SECRET.search(name):
        return True
    try:
        parts = urlsplit(value)
        return parts.password is not None or any(_SECRET.search(key.upper()) for key, _ in parse_qsl(parts.query))
    except ValueError:
        return True
