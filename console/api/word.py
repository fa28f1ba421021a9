"""Words of an address of the API: descriptions for the documentation, and the dependencies that read and check them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from console.query.episodes import LONGEST_PAGE
from console.view.part import MOST
from console.view.query import check_words

PREFIX = "/api/v1"
MOST_ALERTS = 500
MOST_CASE_FILES = 200
MOST_CASES = 200
MOST_REPORTS = 200
StationWord = Annotated[str, Query(alias="station", description="Station ids, separated by commas.")]
ParameterWord = Annotated[str, Query(alias="parameter", description="Parameter codes, separated by commas.")]
FromWord = Annotated[
    str,
    Query(alias="from", description="Start, included: a date or time of ISO 8601; without offset: the network's zone."),
]
ToWord = Annotated[str, Query(alias="to", description="End, excluded; a date includes that day. Absent: now.")]
PeriodWord = Annotated[str, Query(alias="period", description="Instead of `from`: 24h, 3d, 7d or 30d before `to`.")]
LevelWord = Annotated[
    str, Query(alias="level", description="`hourly` (default), `native` or `L2` (hourly after review).")
]
AtWord = Annotated[
    str, Query(alias="at", description="Any moment of the hour, ISO 8601; station and parameter: one each.")
]
AsOfWord = Annotated[str, Query(alias="as_of", description="State of knowledge at this moment. Absent: now.")]
LimitWord = Annotated[
    str,
    Query(
        alias="limit",
        description=f"Values or verdicts of one JSON answer, at most and by default {MOST}; `next` is the address of the rest. "
        "CSV has no limit.",
    ),
]
AlertLimitWord = Annotated[
    str,
    Query(alias="limit", description=f"Most ended alerts in the answer: 1 to {LONGEST_PAGE}, default {MOST_ALERTS}."),
]
NetworkWord = Annotated[str, Query(alias="network", description="`pm` or `voc`.")]
CaseFileLimitWord = Annotated[
    str,
    Query(
        alias="limit", description=f"Most case files in the answer: 1 to {MOST_CASE_FILES}, default {MOST_CASE_FILES}."
    ),
]
LanguageWord = Annotated[str, Query(alias="language", description="`zh` or `en`; absent: the console's.")]
ThemeWord = Annotated[str, Query(alias="theme", description="`light` (default) or `dark`.")]
PictureAlertWord = Annotated[
    str,
    Query(alias="alert", description="Id of an alert whose threshold is drawn; absent: the threshold of the event."),
]
CaseStation = Annotated[str, Path(alias="station", description="Station id.")]
CaseParameter = Annotated[str, Path(alias="parameter", description="Parameter code.")]
CaseStart = Annotated[
    str, Path(alias="start", description="Last part of the key of the case file, as `GET /api/v1/case-files` has it.")
]
CaseId = Annotated[str, Path(alias="case", description="Id of a case, as `GET /api/v1/cases` has it.")]
MuteId = Annotated[str, Path(alias="mute", description="Id of a mute, as `GET /api/v1/mutes` has it.")]
CaseStateWord = Annotated[
    str, Query(alias="state", description="`open`, `ended`, `withdrawn` or `resolved`; absent: all but merged ones.")
]
AudienceWord = Annotated[str, Query(alias="audience", description="`duty` or `operator`; absent: both.")]
CaseLimitWord = Annotated[
    str, Query(alias="limit", description=f"Most cases in the answer: 1 to {MOST_CASES}, default {MOST_CASES}.")
]
OffsetWord = Annotated[str, Query(alias="offset", description="`next` of the previous answer.")]
PlaceWord = Annotated[str, Query(alias="place", description="City code, `province`, or name of a data set.")]
KindWord = Annotated[str, Query(alias="kind", description="`day`, `month` or `year`.")]
StateWord = Annotated[str, Query(alias="state", description="`final`, `preliminary` or `revised`.")]
ReportPeriodWord = Annotated[
    str, Query(alias="period", description="Beginning of the period: 2026, 2026-11 or 2026-11-28.")
]
ReportLimitWord = Annotated[
    str, Query(alias="limit", description=f"Most reports in the answer: 1 to {MOST_REPORTS}, default {MOST_REPORTS}.")
]
ReportFormatWord = Annotated[str, Query(alias="format", description="`html` (default), `pdf` or `xlsx`.")]
VersionWord = Annotated[str, Query(alias="version", description="Number of a version; absent: the newest.")]
ReportPlace = Annotated[str, Path(alias="place", description="As `GET /api/v1/reports` has it.")]
ReportPeriodText = Annotated[str, Path(alias="period", description="A day, month or year.")]
ReportLanguage = Annotated[str, Path(alias="language", description="`zh` or `en`.")]
BeforeWord = Annotated[
    str, Query(alias="before", description="`next` of the previous answer: the ended alerts after it.")
]
FormatWord = Annotated[str, Query(alias="format", description="`json` (default) or `csv`.")]


async def _series_words(  # noqa: PLR0913 - one argument a word of the address, for the documentation
    request: Request,
    station: StationWord = "",
    parameter: ParameterWord = "",
    *,
    start: FromWord = "",
    end: ToWord = "",
    period: PeriodWord = "",
    level: LevelWord = "hourly",
    form: FormatWord = "json",
    limit: LimitWord = "",
) -> dict[str, str]:
    del station, parameter, start, end, period, level, form, limit
    known = ("station", "parameter", "from", "to", "period", "level", "format", "limit", "bands")
    return check_words(request.query_params.multi_items(), known)


async def _why_words(
    request: Request, station: StationWord = "", parameter: ParameterWord = "", *, at: AtWord = "", as_of: AsOfWord = ""
) -> dict[str, str]:
    del station, parameter, at, as_of
    return check_words(request.query_params.multi_items(), ("station", "parameter", "at", "as_of"))


async def _alert_words(
    request: Request,
    station: StationWord = "",
    *,
    start: FromWord = "",
    end: ToWord = "",
    limit: AlertLimitWord = "",
    before: BeforeWord = "",
) -> dict[str, str]:
    del station, start, end, limit, before
    return check_words(request.query_params.multi_items(), ("station", "from", "to", "limit", "before"))


async def _source_words(
    request: Request,
    network: NetworkWord = "",
    station: StationWord = "",
    *,
    start: FromWord = "",
    end: ToWord = "",
    form: FormatWord = "json",
) -> dict[str, str]:
    del network, station, start, end, form
    return check_words(request.query_params.multi_items(), ("network", "station", "from", "to", "format"))


async def _case_file_words(
    request: Request,
    station: StationWord = "",
    *,
    start: FromWord = "",
    end: ToWord = "",
    limit: CaseFileLimitWord = "",
) -> dict[str, str]:
    del station, start, end, limit
    return check_words(request.query_params.multi_items(), ("station", "from", "to", "limit"))


async def _case_words(  # noqa: PLR0913 - one argument a word of the address, for the documentation
    request: Request,
    state: CaseStateWord = "",
    audience: AudienceWord = "",
    *,
    start: FromWord = "",
    end: ToWord = "",
    limit: CaseLimitWord = "",
    offset: OffsetWord = "",
) -> dict[str, str]:
    del state, audience, start, end, limit, offset
    return check_words(request.query_params.multi_items(), ("state", "audience", "from", "to", "limit", "offset"))


async def _map_words(request: Request, language: LanguageWord = "", theme: ThemeWord = "") -> dict[str, str]:
    del language, theme
    return check_words(request.query_params.multi_items(), ("language", "theme", "v"))


async def _picture_words(
    request: Request, language: LanguageWord = "", theme: ThemeWord = "", alert: PictureAlertWord = ""
) -> dict[str, str]:
    del language, theme, alert
    return check_words(request.query_params.multi_items(), ("language", "theme", "alert", "v"))


async def _report_words(
    request: Request,
    *,
    place: PlaceWord = "",
    kind: KindWord = "",
    state: StateWord = "",
    period: ReportPeriodWord = "",
    limit: ReportLimitWord = "",
) -> dict[str, str]:
    del place, kind, state, period, limit
    return check_words(request.query_params.multi_items(), ("place", "kind", "state", "period", "limit"))


async def _report_file_words(
    request: Request, form: ReportFormatWord = "html", version: VersionWord = ""
) -> dict[str, str]:
    del form, version
    return check_words(request.query_params.multi_items(), ("format", "version"))


SeriesWords = Annotated[dict[str, str], Depends(_series_words)]
WhyWords = Annotated[dict[str, str], Depends(_why_words)]
AlertWords = Annotated[dict[str, str], Depends(_alert_words)]
CaseFileWords = Annotated[dict[str, str], Depends(_case_file_words)]
CaseWords = Annotated[dict[str, str], Depends(_case_words)]
MapWords = Annotated[dict[str, str], Depends(_map_words)]
SourceWords = Annotated[dict[str, str], Depends(_source_words)]
PictureWords = Annotated[dict[str, str], Depends(_picture_words)]
ReportWords = Annotated[dict[str, str], Depends(_report_words)]
ReportFileWords = Annotated[dict[str, str], Depends(_report_file_words)]
