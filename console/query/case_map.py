"""The map of a case's stations, as its mail has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.query.case_file import DRAWING
from console.view.case_mail import case_mail

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.people.people import People
    from console.view.case_mail import CaseRecord
    from schemas.network import Network


def draw_case_map(
    record: CaseRecord, network: Network, people: People, now: datetime, *, language: str, dark: bool
) -> bytes | None:
    """PNG of 1,100 px width; None without two stations that have a place."""
    # matplotlib takes a second to import: paid by the first picture
    from alerts.mail.line.draft import MailDraft
    from alerts.mail.picture import map_picture
    from alerts.mail.picture.frame import DARK, LIGHT

    with DRAWING:
        return map_picture(MailDraft(case_mail(record, network, people, now), language), DARK if dark else LIGHT)
