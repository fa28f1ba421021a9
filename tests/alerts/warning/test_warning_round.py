"""Warning rules on stored hours and a stored forecast: opened, raised, lowered and released, by city."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pandas as pd
import pytest

from alerts.case.alert import NewTransition
from alerts.case.decide import CaseRound, decide
from alerts.rules.evaluation import EvaluationInput, EvaluationResult
from alerts.rules.rules import RulesFileError, parse_rules
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
from schemas.network import Network
from store.state import StateStore
from tests.alerts.run.test_job import mails, one_round
from tests.alerts.stream.feed import COMMON, network_of, rules_of

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

    def run(
        self, found: CityWarning, rules: object = RULES, network: Network = NETWORK
    ) -> list[tuple[str, str, str | None]]:
        """One round with what is due; rule, new state and act of each transition that it stores."""
        self.patch.setattr(warning_round, "city_warnings", lambda *_: [found])
        statuses = self.state.alerts.get_states()
        inputs = EvaluationInput(None, network, statuses, found.at - HOUR, found.at, found.at, self.state)  # type: ignore[arg-type]
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
HOLD_H = warning_rules().hysteresis.hold_h


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
    assert rounds.run(warning_at(AT + 4 * HOUR, YELLOW)) == []
    assert rounds.run(warning_at(AT + (4 + HOLD_H) * HOUR, YELLOW)) == [("r1", "ok", "downgrade")]
    assert rounds.run(warning_at(AT + (5 + HOLD_H) * HOUR, CLEAN)) == []
    assert rounds.run(warning_at(AT + (5 + 2 * HOLD_H) * HOUR, CLEAN)) == [("r0", "ok", "release")]


@pytest.mark.parametrize(("hours_ago", "found"), [(1, [("r0", "firing", "issue")]), (HOLD_H + 14, [])])
def test_a_level_whose_hours_are_over_is_proposed_no_more(
    rounds: Rounds, hours_ago: int, found: list[tuple[str, str, str]]
) -> None:
    # the mean of 24 h is above the condition for some hours more
    over = [50.0] * (96 - 24 - hours_ago) + [180.0] * 24 + [50.0] * hours_ago
    assert rounds.run(warning_at(AT, over)) == found


def test_a_release_has_a_draft_in_both_languages(rounds: Rounds) -> None:
    rounds.run(warning_at(AT, YELLOW))
    for at in (AT + HOUR, AT + (1 + HOLD_H) * HOUR):
        rounds.run(warning_at(at, CLEAN))
    evidence = rounds.state.alerts.get_states()[f"r0/{CITY}"].transition.evidence
    lines = evidence["draft_en"].splitlines()
    assert "the yellow warning of heavy pollution proposed for Shenyang is no longer due" in lines[0]
    assert "release it; otherwise nothing needs to be sent" in evidence["draft_en"]
    assert "stay below the yellow condition for at least 36 h: at most" in evidence["draft_en"]
    assert "not verified" in lines[-1]
    assert "沈阳" in evidence["draft_zh"]
    assert evidence["draft_zh"].count("\n") == evidence["draft_en"].count("\n")


def test_a_warning_that_was_in_force_is_released(rounds: Rounds) -> None:
    past = [50.0] * 30 + [200.0] * 24 + [50.0] * 150
    during = [50.0] * 50 + [200.0] * 60 + [50.0] * 60
    rounds.run(warning_at(AT, during))
    for at in (AT + 24 * HOUR, AT + (24 + HOLD_H) * HOUR):
        rounds.run(warning_at(at, past))
    evidence = rounds.state.alerts.get_states()[f"r0/{CITY}"].transition.evidence
    assert evidence["draft_en"].startswith("DRAFT, not sent: release of the")
    assert "解除重污染天气" in evidence["draft_zh"]


def test_a_level_is_not_ended_by_a_forecast_that_is_shorter_than_the_release_asks_for(rounds: Rounds) -> None:
    rounds.run(warning_at(AT, YELLOW))
    for hours in (1, 1 + HOLD_H):
        short = [50.0] * (96 + hours + 35)
        assert rounds.run(warning_at(AT + hours * HOUR, short)) == []
    enough = warning_at(AT + 20 * HOUR, [50.0] * (96 + 20 + 36))
    assert rounds.run(enough) == []
    assert rounds.run(warning_at(AT + (20 + HOLD_H) * HOUR, [50.0] * 200)) == [("r0", "ok", "release")]


def test_the_end_of_the_ozone_notice(rounds: Rounds) -> None:
    text = COMMON.format(name="r0").replace('severity = "warning"', 'severity = "info"')
    rules = parse_rules(text + 'kind = "warning"\nlevel = "ozone"\n', "rules.toml")
    station = NETWORK.station_list[0]
    gas = msgspec.structs.replace(station.instruments[0], parameters=("o3",))
    network = Network(zone=NETWORK.zone, station_list=(msgspec.structs.replace(station, instruments=(gas,)),))

    def ozone(hours: int, o3: float, ahead_h: int = 60) -> list[tuple[str, str, str | None]]:
        return rounds.run(warning_at(AT + hours * HOUR, [30.0] * (96 + hours + ahead_h), o3=o3), rules, network)

    assert ozone(0, 190.0) == [("r0", "firing", None)]
    assert ozone(1, 158.0) == []
    assert ozone(2, 100.0) == []
    assert ozone(2 + HOLD_H, 100.0, ahead_h=20) == []
    assert ozone(3 + HOLD_H, 100.0) == [("r0", "ok", None)]
    evidence = rounds.state.alerts.get_states()[f"r0/{CITY}"].transition.evidence
    assert "End of the health notice" in evidence["draft_en"]
    assert "健康提示结束" in evidence["draft_zh"]
    assert ozone(4 + HOLD_H, 190.0) == [("r0", "firing", None)]


def test_a_forecast_that_moves_around_the_condition_raises_and_ends_nothing(rounds: Rounds) -> None:
    changes = []
    for hour in range(30):
        peak = 153.0 if hour % 2 else 147.0  # AQI 203 and 197
        pm25 = [50.0] * (96 + 40) + [peak] * 30 + [50.0] * 60
        changes += rounds.run(warning_at(AT + hour * HOUR, pm25))
    assert changes == [("r0", "firing", "issue")]


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
        now = AT + (1 + number * HOLD_H) * HOUR
        rounds.run(warning_at(now - HOLD_H * HOUR, pm25), rules)
        rounds.run(warning_at(now, pm25), rules)
        cases, seen = _cases(rounds, cases, seen, now)
        assert len(cases) == 1
        assert step in [item.kind.value for item in cases[0].steps]
    assert not cases[0].is_open
    assert cases[0].severity is Severity.WARNING
