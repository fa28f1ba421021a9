"""The people of a running watch: a changed file is taken up, a wrong one is not, and holes of the roster are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.people.file import PeopleFileError
from alerts.settings import AlertSettings
from alerts.stream.configuration import Configuration
from alerts.stream.roster import REPORT_EVERY
from schemas.alert import AlertState
from store.state import StateStore
from tests.alerts.conftest import EXAMPLE, NETWORK
from tests.alerts.people.build import DAY_NIGHT, local, text_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from schemas.alert import AlertTransition

EVENING = 'id = "night"\nteam = "duty"\nfrom = "20:00"\nuntil = "08:00"'


@pytest.fixture
def own(tmp_path: Path) -> AlertSettings:
    network, people = tmp_path / "network.toml", tmp_path / "people.toml"
    network.write_text(NETWORK, encoding="utf-8")
    people.write_text(text_of(), encoding="utf-8")
    found = AlertSettings(run_dir=tmp_path, network=network, people=people, rules=EXAMPLE)
    with StateStore(found.state_url) as state:
        state.migrate()
    return found


def write(own: AlertSettings, text: str) -> None:
    assert own.people is not None
    own.people.write_text(text, encoding="utf-8")


def report(current: Configuration, now: datetime) -> AlertTransition | None:
    """The newest transition of the roster's alert after a report at ``now``."""
    current.roster.report(current.settings, current.rules, current.people, now)
    with StateStore(current.settings.state_url) as state:
        status = state.alerts.get_states().get("operation/roster/duty")
    return None if status is None else status.transition


def test_a_changed_people_file_is_taken_up_and_a_wrong_one_is_not(own: AlertSettings) -> None:
    current = Configuration(own)
    write(own, text_of().replace("li@example.org", "li@"))
    assert "person 'li': key mail: 'li@', expected" in str(current.refresh())
    assert current.people.person["li"].mail == "li@example.org"
    write(own, text_of().replace("li@example.org", "li.na@example.org"))
    assert current.refresh() is None
    assert current.people.person["li"].mail == "li.na@example.org"


def test_a_watch_does_not_begin_with_a_wrong_people_file(own: AlertSettings) -> None:
    write(own, text_of("[[shift]]\n"))
    with pytest.raises(PeopleFileError):
        Configuration(own)


def test_a_hole_of_the_next_day_is_an_alert_until_it_is_filled(own: AlertSettings) -> None:
    current = Configuration(own)
    noon = local("2026-12-01T12:00")
    assert report(current, noon) is None
    write(own, text_of(DAY_NIGHT.replace(EVENING, EVENING.replace("20:00", "21:30"))))
    assert current.refresh() is None  # a hole stops no watch
    begun = report(current, noon)
    assert begun is not None
    assert begun.to_state is AlertState.FIRING
    assert "20:00–21:30" in str(begun.evidence)
    assert "chief" in str(begun.evidence)
    write(own, text_of())
    current.refresh()
    ended = report(current, noon + REPORT_EVERY)
    assert ended is not None
    assert ended.to_state is AlertState.OK


def test_a_hole_further_away_is_left_to_the_check(own: AlertSettings) -> None:
    write(own, text_of(DAY_NIGHT + '[[override]]\ndate = 2026-12-03\nshift = "day"\norder = []\n'))
    assert report(Configuration(own), local("2026-12-01T12:00")) is None
