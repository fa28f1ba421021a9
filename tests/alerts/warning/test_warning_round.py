"""Warning rules on stored hours and a stored forecast: opened, raised, lowered and released, by city."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pytest

from alerts.case.alert import NewTransition
from alerts.case.decide import CaseRound, decide
from alerts.rules.evaluation import EvaluationInput, EvaluationResult
from alerts.rules.rules import RulesFileError
from alerts.rules.watched import why_unwatched
from alerts.run import warning_round
from alerts.run.evaluation import evaluate
from alerts.run.mail.kind import CITY_WARNING
from alerts.run.warning import CityWarning, warning_of
from alerts.run.warning_round import evaluate_warnings
from alerts.settings import AlertSettings
from alerts.warning.scheme import warning_rules
from schemas.alert import AlertState, EndReason, Severity
from schemas.alert_case import AlertCase, CaseKind
from store.state import StateStore
from tests.alerts.run.test_job import mails, one_round
from tests.alerts.stream.feed import network_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings

AT = datetime(2026, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
CITY = "210100"
NETWORK = network_of(2)
RULES = rules_of(
    'kind = "warning"\nlevel = "yellow"\n',
    'kind = "warning"\nlevel = "orange"\n',
    'kind = "warning"\nlevel = "red"\n',
)


def warning_at(at: datetime, pm25: list[float], **others: float) -> CityWarning:
    """What is due at a moment: hours from 96 h before `AT` on; those from the moment on are forecast."""
    hours = pd.date_range(AT - timedelta(hours=96), periods=len(pm25), freq="h", name="start")
    return warning_of(CITY, pd.DataFrame({"pm25": pm25} | others, index=hours), at, NETWORK.timezone, warning_rules())


class Rounds(NamedTuple):
    """Rounds over one state database."""

    settings: SharedSettings
    state: StateStore
    patch: pytest.MonkeyPatch

    def run(self, found: CityWarning, rules: object = RULES) -> list[tuple[str, str, str | None]]:
        """One round with what is due; rule, new state and act of each transition that it stores."""
        self.patch.setattr(warning_round, "city_warnings", lambda *_: [found])
        statuses = self.state.alerts.get_states()
        inputs = EvaluationInput(None, NETWORK, statuses, found.at - HOUR, found.at, found.at, self.state)  # type: ignore[arg-type]
        result = EvaluationResult()
        evaluate_warnings(self.settings, inputs, self.state, rules, found=result)  # type: ignore[arg-type]
        assert result.errors == []
        for change in result.transitions:
            before = statuses.get(change.alert_key)
            assert self.state.alerts.follow(change, before.transition_id if before else None)
        return [(item.rule, item.to_state.value, item.evidence.get("act")) for item in result.transitions]


@pytest.fixture
def rounds(settings: SharedSettings, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    state = StateStore(settings.state_url)
    state.migrate()
    return Rounds(settings, state, monkeypatch)


YELLOW = [50.0] * 110 + [180.0] * 24 + [50.0] * 34
ORANGE = [50.0] * 110 + [180.0] * 48 + [50.0] * 10
CLEAN = [50.0] * 200


def test_a_level_opens_rises_falls_and_is_released(rounds: Rounds) -> None:
    assert rounds.run(warning_at(AT, CLEAN)) == []
    assert rounds.state.documents.get(CITY_WARNING, CITY) is None
    assert rounds.run(warning_at(AT + HOUR, YELLOW)) == [("r0", "firing", "issue")]
    assert rounds.run(warning_at(AT + 2 * HOUR, YELLOW)) == []
    assert rounds.run(warning_at(AT + 3 * HOUR, ORANGE)) == [("r1", "firing", "upgrade")]
    document = rounds.state.documents.get(CITY_WARNING, CITY)
    assert document is not None
    assert (document.body["level"], document.body["edition"]) == ("orange", "2024")
    assert document.body["draft_en"].startswith("DRAFT, not sent: orange")
    assert rounds.run(warning_at(AT + 4 * HOUR, YELLOW)) == [("r1", "ok", "downgrade")]
    assert rounds.run(warning_at(AT + 5 * HOUR, CLEAN)) == [("r0", "ok", "release")]


def test_the_same_hour_is_evaluated_once(rounds: Rounds) -> None:
    assert rounds.run(warning_at(AT, YELLOW)) == [("r0", "firing", "issue")]
    assert rounds.run(warning_at(AT, CLEAN)) == []


def test_without_a_forecast_a_level_is_not_released(rounds: Rounds) -> None:
    rounds.run(warning_at(AT, YELLOW))
    assert rounds.run(warning_at(AT + HOUR, [50.0] * 97)) == []


def test_an_alert_names_the_city_and_its_draft(rounds: Rounds) -> None:
    rounds.run(warning_at(AT, ORANGE))
    status = rounds.state.alerts.get_states()[f"r1/{CITY}"]
    change = status.transition
    assert (change.station_id, change.parameter, change.threshold) == (CITY, None, None)
    assert change.value == pytest.approx(change.evidence["peak_aqi"])
    assert "橙色" in change.evidence["draft_zh"]
    assert why_unwatched(change, RULES, NETWORK, AT) is None
    elsewhere = rules_of(
        'kind = "warning"\nlevel = "yellow"\n', 'kind = "warning"\nlevel = "orange"\ncities = ["2102*"]\n'
    )
    assert why_unwatched(change, elsewhere, NETWORK, AT) is EndReason.NOT_COVERED
    assert why_unwatched(change, RULES, network_of(0), AT) is EndReason.STATION_REMOVED


def test_the_ozone_notice_is_of_its_own_and_info_only(rounds: Rounds) -> None:
    text = 'kind = "warning"\nlevel = "ozone"\n'
    with pytest.raises(RulesFileError, match="key severity: 'warning', expected 'info'"):
        rules_of(text)


def test_stored_hours_raise_a_warning_whose_mail_has_the_draft(
    own: AlertSettings, now: datetime, write_hours: Callable[..., None], maildir: Path
) -> None:
    write_hours("t-01", [180.0] * 80)
    own = AlertSettings(**own.model_dump() | {"network": _of_a_city(own)})
    one_round(own, now)
    with StateStore(own.state_url) as state:
        states = state.alerts.get_states()
    assert states[f"warning-orange/{CITY}"].state is AlertState.FIRING
    assert evaluate(own, now - 48 * HOUR, now, now) == 0
    (mail,) = [item for item in mails(maildir) if "橙色" in item["Subject"]]
    assert "沈阳" in mail["Subject"]
    text = str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    assert "草稿" in text
    assert "AQI" in text
    assert "预报 0 h" in text
    assert "预报中位数超过限值" not in text


def _of_a_city(own: AlertSettings) -> Path:
    assert own.network is not None
    path = own.network.with_name("city.toml")
    path.write_text(own.network.read_text().replace('city = "210101"', f'city = "{CITY}"'))
    return path


def _cases(rounds: Rounds, cases: list[AlertCase], seen: int, now: datetime) -> tuple[list[AlertCase], int]:
    stored = [item for item in rounds.state.alerts.list() if item.id > seen]
    fresh = [NewTransition(item.id, item.transition) for item in sorted(stored, key=lambda item: item.id)]
    decided = decide(CaseRound(cases=cases, fresh=fresh, network=NETWORK, now=now))
    return [item.after for item in decided] or cases, max([seen, *(item.id for item in fresh)])


def test_the_levels_of_a_city_are_one_case_of_kind_warning(rounds: Rounds) -> None:
    rules = RULES
    rounds.run(warning_at(AT, YELLOW), rules)
    cases, seen = _cases(rounds, [], 0, AT)
    (case,) = cases
    assert (case.kind, case.cities, case.is_open) == (CaseKind.WARNING, (CITY,), True)
    for number, (pm25, step) in enumerate(((ORANGE, "raised"), (YELLOW, "amended"), (CLEAN, "ended")), 1):
        now = AT + number * HOUR
        rounds.run(warning_at(now, pm25), rules)
        cases, seen = _cases(rounds, cases, seen, now)
        assert len(cases) == 1
        assert step in [item.kind.value for item in cases[0].steps]
    assert not cases[0].is_open
    assert cases[0].severity is Severity.WARNING
