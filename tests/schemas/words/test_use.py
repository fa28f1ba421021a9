"""Every key that the code names is in the catalogues, and every key of the catalogues is named by the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import console
from alerts.case.action import CaseAction
from alerts.case.cause import ResolveCause
from alerts.case.life import StepRefusal
from alerts.delivery.link import LinkAction, LinkReason
from alerts.delivery.reply import ReplyWish
from alerts.mail.line.subject import _JOINED_LABELS, _OWN_LABELS
from alerts.mail.line.tendency import Tendency
from alerts.mail.view.case_mail import MailNews
from alerts.mail.view.station import StationState
from alerts.rehearsal.truth import TruthKind
from alerts.stream.rehearsal import RehearsalProblem
from alerts.warning.episode import WarningAct
from alerts.warning.scheme import SourceStatus, WarningLevel
from analysis.case.case_file import Basis, EventKind
from analysis.case.chemistry.statement import COMPONENTS
from analysis.case.kind.feature import EVIDENCE
from analysis.case.registry import enterprise_kinds
from analysis.chemistry.assumption import assumptions
from analysis.chemistry.particle_summary import AmmoniumState, MassGrade
from analysis.chemistry.reactivity import VOC_CLASSES
from analysis.chemistry.regime import Regime
from analysis.chemistry.secondary_carbon import SEASONS
from analysis.coanalysis.daily_relation import SEASONS as RELATION_SEASONS
from analysis.coanalysis.daily_relation import WHOLE, WeatherRole
from analysis.forecast.hourly.model import IntervalBasis
from analysis.receptor.plume import Obstacle
from analysis.receptor.source_library import BACKGROUND, UNNAMED, load_library
from analysis.receptor.source_library.naming import UNNAMED_WORDS, Unnamed
from analysis.receptor.wind import SECTORS, sector_code
from analysis.report.case_text import TOPICS
from analysis.report.city.document import PeriodKind
from analysis.report.city.evidence import SIX, WEATHER
from analysis.report.city.products import CutReason
from analysis.run.report.later_change import LaterCause
from analysis.statistics.limit import Edition
from console.view.link import Advice, LinkState
from console.view.report import ReportState
from schemas.alert import EndReason, RuleKind, Severity
from schemas.alert_case import Audience, CaseKind, StepKind
from schemas.gate import GateOutcome
from schemas.message import NetworkCode
from schemas.reading import RejectReason
from schemas.statement import Confidence
from schemas.words import words

if TYPE_CHECKING:
    from enum import StrEnum

ROOT = Path(console.__file__).parents[1]
PAGE_KEY = re.compile(r"""\bt(?:\.words)?\(\s*["']([a-z0-9_.]+)["']\s*[,)]|words\("([a-z0-9_.]+)["']""")
FAMILIES: dict[str, type[StrEnum] | tuple[str, ...]] = {
    "page.state.": LinkState,
    "page.advice.": Advice,
    "page.reason.": RejectReason,
    "page.reason_do.": RejectReason,
    "page.network.": NetworkCode,
    "page.network_short.": NetworkCode,
    "page.alert_kind.": tuple(f"{kind}_station" for kind in RuleKind),
    "page.cases.for_": ("all", *Audience),
    "page.cases.notice_": ("pending", "claimed", "sent", "held", "failed"),
    "page.act.do_": LinkAction,
    "page.cases.do_": ("give", "mute", "resolve"),
    "page.cases.": tuple(item for item in CaseAction if item is not CaseAction.DECLINE),
    "word.cause.": ResolveCause,
    "page.alerts.station_": ("system", "all"),
    "page.severity.": Severity,
    "page.datadocs.": (*GateOutcome, "title", "suite"),
    "page.flag.": tuple("12349"),
    "page.status.": tuple("FMSDCTB"),
    "page.period.": ("24h", "3d", "7d", "30d"),
    "page.level.": ("hourly", "native"),
    "page.limit.": ("1h", "24h"),
    "page.process.": ("well", "failing", "gone"),
    "page.problem.": tuple(
        f"{kind}{end}" for kind in ("slow", "influx", "access", "missing", "state") for end in ("", "_do")
    ),
    # of documents that earlier versions stored
    "attribution.what.": ("episode", "median"),
    "attribution.overall.": ("grade",),
    "attribution.wind.": ("unavailable", "chance", "too_few_days", "sector", "calm", "wind_now", "no_wind_now"),
    "attribution.tracers.": ("unavailable", "usual", "kind", "next", "next_two", "customary"),
    "attribution.neighbours.": ("unavailable", "share", "few", "upwind", "downwind", "together", "earlier", "later"),
    "attribution.missing.": ("nothing", "background", "wind", "tracers", "neighbours", "borrowed"),
    "attribution.plume.": Obstacle,
    "attribution.plume.also_": (Obstacle.NO_RELEASE, Obstacle.EDGE, Obstacle.SEVERAL, Obstacle.WIDE),
    "word.confidence.": Confidence,
    "word.event_kind.": EventKind,
    "word.enterprise_kind.": tuple(enterprise_kinds()),
    "word.likely.": Confidence,
    "word.evidence.": EVIDENCE,
    "word.component.": COMPONENTS,
    "word.source_kind.": (*load_library().kinds, BACKGROUND, UNNAMED),
    f"{UNNAMED_WORDS}.": Unnamed,
    "cli.statistics.weights.": Edition,
    "cli.relation.meaning.": WeatherRole,
    "cli.relation.season.": (WHOLE, *RELATION_SEASONS),
    "coanalysis.chemistry.regime_": Regime,
    "coanalysis.chemistry.mass_": MassGrade,
    "coanalysis.chemistry.ammonium_": AmmoniumState,
    "word.constant.": ("mir", "koh", "soap", "soa_yield"),
    "word.indicator.": tuple(item.indicator for item in assumptions().regime),
    "word.season.": SEASONS,
    "word.voc_class.": tuple(str(group) for group in VOC_CLASSES),
    "word.threshold_basis.": ("iaqi_100", "class_2"),
    "word.sector.": tuple(sector_code(number) for number in range(SECTORS)),
    "report.topic.": TOPICS,
    "report.basis.": Basis,
    "report.city.title_": PeriodKind,
    "report.city.statistic_": PeriodKind,
    "report.city.too_few_": PeriodKind,
    "report.city.cause_": (*LaterCause, "unknown"),
    "report.city.place.": ("province", "beijing", "supersite"),
    "report.city.picture.aqi_": (PeriodKind.MONTH, PeriodKind.YEAR, PeriodKind.SPAN),
    "report.city.picture.concentration_": PeriodKind,
    "report.city.axis.": (*(f"{code}_{end}" for code in ("pm25", "o3") for end in ("hour", "day", "limit")), "hour"),
    "report.city.": (
        *("of_files", "before_none", "year_before_none", "contrast", "contrast_interval", "ahead", "ahead_clean"),
        *(f"changed_{days}_{period}" for days in ("day", "days") for period in ("before", "year_before")),
        *(
            f"cut_{days}_{kind}"
            for days in ("exceeding", "all")
            for kind in ("first", "near", "likely", "indistinct", "none")
        ),
    ),
    "report.city.column.": (
        *SIX,
        *WEATHER,
        *(f"{name}_{period}" for name in ("value", "change") for period in ("before", "year_before")),
    ),
    "report.city.tile_": ("value", "share"),
    "report.city.tile.": ("pm25", "o3", "pm25_day", "o3_day", "no2_day"),
    "report.city.table.cut_": ("exceeding", "all"),
    "report.city.absent.": ("episodes_day", "cases_day"),
    "report.city.absent.cut_": CutReason,
    "report.city.figure.regime_": tuple(item.indicator for item in assumptions().regime),
    "cli.revisions.change_": LaterCause,
    "cli.report.expected_": (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.YEAR),
    "page.forecast.basis_": IntervalBasis,
    "page.reports.kind_": PeriodKind,
    "page.reports.state_": ReportState,
    "rehearsal.curve.": ("pod", "far", "csi", "present"),
    "rehearsal.kind.": RuleKind,
    "rehearsal.truth.": TruthKind,
    "rehearsal.audience.": Audience,
    "rehearsal.refused.": RehearsalProblem,
    "warning.level.": WarningLevel,
    "warning.act.": WarningAct,
    "warning.status.": SourceStatus,
    "warning.notice.": ("ozone", "dust"),
    "warning.notice_end.": ("ozone",),
    "mail.severity_": Severity,
    "mail.mute.": ("stations", "cities", "networks", "parameters", "rules", "cases"),
    "cli.people.kind_": CaseKind,
    "mail.link_": LinkReason,
    "mail.reply_": ReplyWish,
    "mail.parameter.": ("gamma_dose_rate",),
    "mail.label.": (
        *("what", "sure", "why", "act", "who", "still", "fault", "system", "forecast"),
        *("yellow", "orange", "red", "ozone_notice"),
        *(news for news in MailNews if news in _OWN_LABELS | _JOINED_LABELS),
    ),
    "alert_case.refused_": StepRefusal,
    "mail.label.proposal_": WarningAct,
    "mail.label.brief_": WarningAct,
    "mail.what.proposal_": WarningAct,
    "mail.reach.": ("alone", "city", "region"),
    "mail.reach.kind_": tuple(kind for kind in EventKind if kind is not EventKind.UNKNOWN),
    "mail.grade.": ("high", "medium", "low"),
    "mail.sure.": ("event", "fault", "undecided"),
    "mail.sure.band_": ("high", "medium", "low"),
    "mail.what.amended_": ("extreme", "threshold", "stations"),
    "mail.subject.": ("beyond_brief", "beyond_below_brief"),
    "mail.still.": tuple(item for item in Tendency if item is not Tendency.UNKNOWN),
    "mail.station.": StationState,
    "mail.step.": StepKind,
    "mail.sample.": ("person", "leader", "duty", "operators", "forecasters"),
    "mail.": ("resolved_late", "closed_late"),
    "mail.end_": (*EndReason, "allowed"),
    "mail.step_": ("stream", "baselines", "evaluate", "cases", "clock", "deliver", "replies", "configuration"),
}
"""Keys that are made from data: prefix, and the closed set that follows it."""
PREFIXES = {
    "alert_case",
    "attribution",
    "case",
    "cli",
    "coanalysis",
    "cocontrol",
    "deweather",
    "finding",
    "forecast",
    "gap",
    "gate",
    "hours",
    "mail",
    "page",
    "picture",
    "process",
    "qc",
    "rehearsal",
    "report",
    "verdict",
    "warning",
    "weather",
    "word",
}
CATALOGUE = words("en").catalogue


def _source(*patterns: str) -> str:
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern)) if ".venv" not in file.parts]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _families() -> set[str]:
    return {f"{prefix}{member}" for prefix, members in FAMILIES.items() for member in members}


def _unnamed(keys: set[str], source: str) -> set[str]:
    """Keys whose last part the source does not hold between quotes or after ``w.``."""
    named = set(re.findall(r"""["'](?:[a-z_.]*\.)?([a-z0-9_]+)["']|\bw\.([a-z_]+)""", source))
    parts = {part for pair in named for part in pair if part}
    return {key for key in keys if key.rpartition(".")[2] not in parts}


def test_every_member_of_a_closed_set_has_a_text() -> None:
    assert _families() - set(CATALOGUE) == set()


def test_every_key_that_pages_name_is_in_the_catalogue() -> None:
    source = _source(
        "console/web/templates/*.html", "console/web/**/*.py", "console/view/*.py", "console/cli/health.py"
    )
    named = {first or second for first, second in PAGE_KEY.findall(source)}
    assert len(named) > 80
    assert {f"page.{key}" for key in named} - set(CATALOGUE) == set()


@pytest.mark.parametrize(
    ("prefix", "patterns"),
    [
        ("page.", ("console/**/*.py", "console/web/templates/*.html")),
        ("mail.", ("alerts/**/*.py", "alerts/**/*.jinja")),
        ("cli.", ("console/**/*.py",)),
        ("qc.", ("qc/**/*.py",)),
        ("finding.", ("alerts/rules/*.py",)),
        ("gap.", ("ingest/completeness/*.py",)),
        ("process.", ("ingest/**/*.py", "alerts/stream/*.py")),
        ("verdict.", ("qc/verdict/*.py",)),
        ("attribution.", ("analysis/**/*.py",)),
        ("case.", ("analysis/**/*.py",)),
        ("coanalysis.", ("analysis/**/*.py",)),
        ("cocontrol.", ("analysis/**/*.py",)),
        ("deweather.", ("analysis/**/*.py",)),
        ("hours.", ("analysis/run/*.py", "alerts/run/*.py")),
        ("picture.", ("analysis/report/**/*.py",)),
        ("rehearsal.", ("alerts/rehearsal/*.py", "console/cli/alert_rehears*.py")),
        ("warning.", ("alerts/warning/*.py", "console/cli/alert_warning.py")),
        ("weather.", ("sensors/weather_forecast/*.py", "analysis/run/**/*.py")),
        ("report.", ("analysis/report/**/*.py", "analysis/report/city/report.html")),
    ],
)
def test_every_key_is_named_by_the_code(prefix: str, patterns: tuple[str, ...]) -> None:
    keys = {key for key in CATALOGUE if key.startswith(prefix) and not key.endswith((".name", ".taken_back"))}
    assert _unnamed(keys - _families(), _source(*patterns)) == set()


def test_every_set_of_words_is_named_by_a_message_or_by_the_code() -> None:
    sets = {key.rpartition(".")[0] for key in CATALOGUE if key.startswith("word.")}
    source = "\n".join(CATALOGUE.values()) + _source(
        "console/**/*.py", "qc/**/*.py", "alerts/**/*.py", "analysis/**/*.py", "schemas/**/*.py"
    )
    assert {item for item in sets if f":{item}}}" not in source and f'"{item}' not in source} == set()


def test_every_prefix_of_the_catalogues_is_known() -> None:
    assert {key.partition(".")[0] for key in CATALOGUE} == PREFIXES
