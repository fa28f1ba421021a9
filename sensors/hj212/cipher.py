"""Where the cipher of HJ 212-2025 goes in; skyground has none of its own.

Known from secondary sources only: SM4 in ECB mode, a key of 16 bytes, over the content of CN 2000 to 2999, 1014 and 3020.
Devices with ``Flag=8`` and plain content were met in the field, so the content decides, not the version.
"""

from __future__ import annotations

import re
from typing import Protocol

from sensors.hj212.frame import BadFrameError, Frame, Rule, Version

_PLAIN = re.compile(rb"[0-9A-Za-z_-]+=|\Z")


class Cipher(Protocol):
    """A cipher with its key."""

    def decrypt(self, content: bytes) -> bytes:
        """Plain content; raises `ValueError` where it cannot."""
        ...


def plain_content(frame: Frame, cipher: Cipher | None = None) -> bytes:
    """Content in the clear.

    Raises
    ------
    BadFrameError
        Ciphered, and there is no cipher or it does not fit.
    """
    if frame.version < Version.V2025 or _PLAIN.match(frame.content):
        return frame.content
    if cipher is None:
        raise BadFrameError(Rule.CIPHER, f"Flag={frame.flag}: the content is ciphered and no cipher is configured")
    try:
        return cipher.decrypt(frame.content)
    except ValueError as error:
        raise BadFrameError(Rule.CIPHER, f"cannot be deciphered: {error}") from error
