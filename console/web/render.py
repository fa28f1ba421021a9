"""HTML of the pages: Jinja templates with automatic escaping, and the filters that turn times and numbers into words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.mail.view.recipient import recipient_name
from console.view.duration import duration_text
from schemas.city import city_name
from schemas.moment import utc_text
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from schemas.words import Words

HERE = Path(__file__).parent
ASSETS = HERE / "assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every template needs: the words, the zone of civil times, now (UTC), and the address of the page itself.

    Attributes
    ----------
    path : str
        Path and query of this page, to come back to after a switch of language or theme.
    section : str
        Which entry of the navigation is the current one.
    """

    words: Words
    zone: ZoneInfo
    now: datetime
    path: str = "/"
    section: str = ""
    dark: bool = False

    @property
    def language(self) -> str:
        """``zh`` or ``en``."""
        return self.words.language

    def when(self, moment: datetime | None) -> str:
        """A moment in the network's zone; the year only where it is not this one; a dash for None."""
        if moment is None:
            return "–"
        local = moment.astimezone(self.zone)
        pattern = "%m-%d %H:%M" if local.year == self.now.astimezone(self.zone).year else "%Y-%m-%d %H:%M"
        return local.strftime(pattern)

    def span(self, length: timedelta | None) -> str:
        """A duration as text; a dash for None."""
        return "–" if length is None else duration_text(length, self.words)

    def ago(self, moment: datetime | None) -> str:
        """How long ago a moment was, as text; a dash for None."""
        return "–" if moment is None else self.words("time.ago", span=duration_text(self.now - moment, self.words))

    def percent(self, ratio: float | None) -> str:
        """A ratio as a percentage, rounded down so that 100 % means all; a dash for None."""
        return "–" if ratio is None else f"{int(ratio * 100 + 1e-9)}%"

    def city(self, code: str) -> str:
        """Name of a city by its code."""
        return city_name(code, self.language)

    def render(self, template: str, **values: object) -> str:
        """HTML of a template; raises on an undefined name, so a wrong template cannot pass a test."""
        return _environment().get_template(template).render(page=self, t=self.words, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unit"] = unit_text
    environment.filters["person"] = lambda key, people, language: recipient_name(people, key).of(language)
    environment.globals["iso"] = utc_text
    return environment


@cache
def asset_url(name: str) -> str:
    """Address of a file in ``assets``, with its digest so that browsers may keep it for ever."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/{name}?v={digest}"
