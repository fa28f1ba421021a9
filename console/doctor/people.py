"""Who is notified of alerts, and by which mails: the people file, its roster, its channels as this process can read them, the templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.doctor.diagnosis import Diagnosis

if TYPE_CHECKING:
    from alerts.people.people import People
    from alerts.settings import AlertSettings
    from console.local.settings import LocalSettings

CHECKED = timedelta(days=7)


def check_people(settings: LocalSettings) -> Diagnosis:
    """The people file or the addresses can be used, the roster has no hole within 7 days, and each channel has an URL."""
    from alerts.people.file import people_of
    from alerts.settings import AlertSettings
    from store.settings import SettingsError, load_settings

    del settings
    try:
        own = load_settings(AlertSettings)
        people = people_of(own)
    except SettingsError as error:
        repair = "correct SKYGROUND_MAIL_TO, or the file that SKYGROUND_PEOPLE names; skyground people check FILE"
        return Diagnosis(component="people", ok=False, detail=str(error), repair=repair)
    faults = _faults(people)
    if faults:
        repair = (
            "skyground people roster shows the shifts; channels: set the variable, or write the file, for this part"
        )
        return Diagnosis(component="people", ok=False, detail="; ".join(faults), repair=repair)
    return Diagnosis(component="people", ok=True, detail=_detail(own, people))


def check_templates(settings: LocalSettings) -> Diagnosis:
    """Each kind of mail can be made in the languages of the people."""
    from alerts.people.file import people_of
    from alerts.run.mail.template_check import template_faults
    from alerts.settings import AlertSettings
    from store.settings import SettingsError, load_settings

    try:
        people = people_of(load_settings(AlertSettings))
    except SettingsError:
        return Diagnosis(component="templates", ok=False, detail="not tried: no people", repair="see people")
    faults = template_faults(people, settings.console_url, datetime.now(UTC))
    if faults:
        repair = "install the package again; report it with the message"
        return Diagnosis(component="templates", ok=False, detail="; ".join(faults), repair=repair)
    return Diagnosis(component="templates", ok=True, detail="each kind of mail can be made")


def _faults(people: People) -> list[str]:
    from alerts.people.duty import holes
    from alerts.people.secret import unreadable_channels

    now = datetime.now(UTC)
    found = [
        f"team {hole.team!r} has no one on duty from {hole.interval.start.astimezone(people.timezone):%Y-%m-%d %H:%M}"
        for hole in holes(people, now, now + CHECKED)
    ]
    return found + [f"{owner}: {why}" for owner, why in unreadable_channels(people)]


def _detail(own: AlertSettings, people: People) -> str:
    if own.people is None:
        return f"no people file: all alerts go to {', '.join(own.mail_to)}"
    return f"{own.people}: {len(people.persons)} persons, {len(people.teams)} teams, {len(people.shifts)} shifts"
