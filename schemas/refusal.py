"""An input that is refused, with the reason as data: the interface states it in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.words import render

if TYPE_CHECKING:
    from schemas.reason import Reason


class RefusedInputError(ValueError):
    """Input that cannot be used; each part has a class of its own.

    Parameters
    ----------
    reason : Reason
        A message of the catalogues with its figures; the text of the error is the English one.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(render(reason, "en"))
        self.reason = reason
