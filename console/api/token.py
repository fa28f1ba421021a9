"""The token without which the API changes nothing."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

    from store.settings import SharedSettings

_SCHEME = "bearer"


class TokenProblem(Exception):  # noqa: N818 - the answer, not a fault
    """A call that changes something came without the token."""


def check_token(request: Request, settings: SharedSettings) -> None:
    """Raise `TokenProblem` unless the header ``Authorization: Bearer ...`` holds ``SKYGROUND_API_TOKEN``."""
    expected = settings.api_token.get_secret_value()
    if not expected:
        msg = "No token is set, so the API changes nothing: set SKYGROUND_API_TOKEN or SKYGROUND_API_TOKEN_FILE and restart the console."
        raise TokenProblem(msg)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != _SCHEME or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        msg = "Send the header Authorization: Bearer TOKEN with the value of SKYGROUND_API_TOKEN."
        raise TokenProblem(msg)
