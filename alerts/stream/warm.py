"""What the first alert would pay for: numerical libraries and drawing take seconds to import, and to be used for the first time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.struct_use import prepare_structs

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from alerts.people.people import People


def warm_up(people: People, stop: threading.Event) -> None:
    """Import what an alert needs from reading to mail, and draw a made-up mail in each language of the people, until stopped."""
    for _ in import_late():
        prepare_structs()
        if stop.is_set():
            return
    from alerts.mail.frame.case_message import render_case
    from alerts.mail.samples.kinds import sample_mail

    for language in sorted({person.language for person in people.persons}):
        if stop.is_set():
            return
        render_case(sample_mail("opened", datetime.now(UTC), ""), language, "<warm@skyground>")


def import_late() -> Iterator[None]:
    """Modules that are imported where they are used."""
    import alerts.mail.evidence.first_case

    yield
    import qc.run.verdict  # noqa: F401

    yield
    import alerts.run.mail.send

    yield
    import alerts.run.warning_round  # noqa: F401

    yield
