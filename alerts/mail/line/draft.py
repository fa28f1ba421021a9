"""A case's view in the reader's language: words, moments, places and lengths as all parts of a mail write them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from alerts import wording
from alerts.mail.line.quantity import lead_figure, lead_quantity, limit_text, with_unit
from alerts.mail.line.tendency import Tendency, tendency_of
from schemas.words import words
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from alerts.mail.view.case_mail import CaseMail
    from alerts.mail.view.mail_value import LeadValue, MailValue
    from alerts.mail.view.station import CaseStation
    from schemas.words import Words


_JUST_NOW = timedelta(minutes=1)


@dataclass(frozen=True)
class MailDraft:
    """A view and a language."""

    view: CaseMail
    language: str

    @cached_property
    def t(self) -> Words:
        """Words of the mails."""
        return words(self.language, "mail")

    @cached_property
    def tendency(self) -> Tendency:
        """Of the worst parameter."""
        return tendency_of(self.view.lead, self.view.now)

    @property
    def lead(self) -> LeadValue:
        """The worst parameter, of a case that has one."""
        assert self.view.lead is not None, "a case with a value"
        return self.view.lead

    @property
    def station(self) -> CaseStation | None:
        """The worst station."""
        return self.view.stations[0] if self.view.stations else None

    def joined(self, parts: Iterable[str]) -> str:
        """Parts of a line."""
        return self.t("joint").join(item for item in parts if item)

    def begun(self, text: str) -> str:
        """A line begins with a capital letter, in a language that has them."""
        return text if self.language == "zh" else text[:1].upper() + text[1:]

    def listed(self, names: Iterable[str]) -> str:
        """Names as a list."""
        return self.t("comma").join(names)

    def parameter(self, code: str | None = None) -> str:
        """Short name of a parameter, of the worst one by default."""
        code = code or self.lead.parameter
        return self.t.get(f"parameter.{code}", short_name(code, self.language))

    def clock(self, moment: datetime) -> str:
        """Civil time, with the date unless it is today: ``20:00``, ``11-27 20:00``; the head of the mail has year and zone."""
        local, now = moment.astimezone(self.view.zone), self.view.now.astimezone(self.view.zone)
        return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%m-%d %H:%M}"

    def length(self, duration: timedelta) -> str:
        """Length of a time."""
        return wording.duration_text(duration, self.language)

    def age(self, value: MailValue) -> str:
        """How old a value is; empty where its moment is not known."""
        return "" if value.at is None else self.moment_age(value.at)

    def moment_age(self, moment: datetime) -> str:
        """How long ago a moment was."""
        age = self.view.now - moment
        return self.t("just_now") if age < _JUST_NOW else self.t("age", length=self.length(age))

    def shown(self, value: MailValue | None) -> str:
        """A value of the worst parameter without its unit."""
        return lead_figure(self.lead, value, self.language)

    def quantity(self, value: MailValue | None) -> str:
        """A value of the worst parameter with its unit."""
        return lead_quantity(self.lead, value, self.language)

    @property
    def value_now(self) -> MailValue | None:
        """The value now of the worst parameter, of several stations the worst of those still beyond."""
        worst = self.view.worst_now
        return self.lead.latest if worst is None else worst.latest

    @property
    def extreme(self) -> MailValue | None:
        """The worst value since the case began, at any station."""
        worst = self.view.worst_ever
        return self.lead.extreme if worst is None else worst.extreme

    @property
    def limit(self) -> str:
        """The threshold without its unit."""
        return limit_text(self.lead.threshold, self.language)

    @property
    def limit_quantity(self) -> str:
        """The threshold with its unit."""
        return with_unit(self.limit, self.lead.unit)

    def place(self) -> str:
        """The station, or of several their cities and how many they are."""
        view = self.view
        if view.silence is not None:
            return view.silence.place.of(self.language) or self.t("province")
        if not view.stations:
            return view.failure.title.of(self.language) if view.failure else self.t("system")
        first, count = view.stations[0], len(view.stations)
        if count == 1:
            return first.name.of(self.language)
        cities = view.cities
        city = cities[0].of(self.language) if cities else first.name.of(self.language)
        if len(cities) > 1:
            return self.t("place.cities", city=city, cities=len(cities), count=count)
        return self.t("place.stations", city=city, count=count)

    def since(self) -> str:
        """When the case began."""
        return self.clock(self.view.since)
