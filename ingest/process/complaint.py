"""Complaints: lasting problems of a process, as stored reasons of the scope ``process``, one a line.

An empty text is no problem. `schemas.words.sentences` renders them where they are read: pages, commands, mails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.reason import Figure

SCOPE = "process"
_FIGURE_MAX = 300
"""Characters of a figure that are kept, so that several complaints fit into a heartbeat."""


def complaint(part: str, kind: str, /, *, lasts_s: float = 0.0, **figures: Figure) -> str:
    """Stored text of one problem.

    Parameters
    ----------
    part, kind : str
        Key of its message: ``process.<part>.<kind>``.
    lasts_s : float
        Its length [s]; the figure ``minutes`` has the whole minutes of it.
    """
    clipped = {name: value[:_FIGURE_MAX] if isinstance(value, str) else value for name, value in figures.items()}
    return encode_reason(Reason(part, kind, {"minutes": int(lasts_s // 60), **clipped}, SCOPE))


def joined(complaints: Iterable[str], longest: int | None = None) -> str:
    """Several complaints, the first ones that ``longest`` characters have room for; empty ones are left out."""
    lines: list[str] = []
    # not splitlines: a figure may hold other signs that end a line, which JSON does not escape
    for line in (line for text in complaints if text for line in text.split("\n")):
        if longest is None or sum(map(len, lines)) + len(lines) + len(line) <= longest:
            lines.append(line)
    return "\n".join(lines)
