"""A mute that has ended, in a mail: what it covered, who set it, from when to when, what it held back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from alerts.mail.view.finding import EndedMute


def mute_texts(mutes: Sequence[EndedMute], zone: ZoneInfo, language: str) -> list[str]:
    """One text a mute."""
    return [_text(item, zone, language) for item in mutes]


def _text(item: EndedMute, zone: ZoneInfo, language: str) -> str:
    t = words(language, "mail")
    covered = t("joint").join(
        t(f"mute.{kind}", names=t("comma").join(name.of(language) for name in names)) for kind, names in item.covers
    )
    text = t(
        "mute.maintenance" if item.is_maintenance else "mute.ended",
        covered=covered or t("mute.all"),
        by=item.by.of(language),
        first=_clock(item.since, zone),
        last=_clock(item.until, zone),
        count=item.count,
    )
    return text + t("colon") + item.reason if item.reason else text


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%m-%d %H:%M}"
