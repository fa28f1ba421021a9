"""Moments in the options of commands: `schemas.civil_moment`, with errors that name the option."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, overload

import typer

from schemas.civil_moment import MomentError, parse_civil_moment, parse_day

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

FROM_TO = ("--from", "--to")
_FROM = typer.Option(
    "--from",
    help="start: date or time, as 2026-11-22 or 2026-11-22T08:00[+08:00]; without offset in the network's zone 起始",
)
_TO = typer.Option("--to", help="end: a date includes that day, a time is excluded 截止（日期含当日，时刻不含）")
From = Annotated[str, _FROM]
OpenFrom = Annotated[str | None, _FROM]
To = Annotated[str, _TO]
ToNow = Annotated[
    str | None,
    typer.Option(
        "--to", help="end: a date includes that day, a time is excluded; default: now 截止（日期含当日），默认当前"
    ),
]
OpenTo = Annotated[str | None, _TO]
Until = Annotated[str | None, typer.Option("--until", help="end: a date includes that day 截止（日期含当日）")]
Moment = Annotated[
    str | None,
    typer.Option(help="date or time, as 2026-11-22T08:00[+08:00]; without offset in the network's zone 时刻"),
]
At = Annotated[str, typer.Option("--at", help="any moment of the hour, as --from takes it 该小时内任一时刻")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="as known at this moment; a date: at its beginning 该时刻所知的状态")
]


@overload
def moment(text: str, zone: ZoneInfo, option: str, *, is_end: bool = False) -> datetime: ...
@overload
def moment(text: None, zone: ZoneInfo, option: str, *, is_end: bool = False) -> None: ...
@overload
def moment(text: str | None, zone: ZoneInfo, option: str, *, is_end: bool = False) -> datetime | None: ...
def moment(text: str | None, zone: ZoneInfo, option: str, *, is_end: bool = False) -> datetime | None:
    """The moment that an option names, UTC; None where it is not given. Ends the command with status 2 where it is none."""
    try:
        return None if text is None else parse_civil_moment(text, zone, is_end=is_end)
    except MomentError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def past(text: str | None, zone: ZoneInfo, option: str = "--now") -> datetime:
    """The same, the present where it is not given; ends the command with status 2 for a moment that has not come."""
    present = datetime.now(UTC)
    found = moment(text, zone, option) or present
    if found > present:
        msg = f"{found:%Y-%m-%dT%H:%MZ} has not come, expected a moment up to now"
        raise typer.BadParameter(msg, param_hint=option)
    return found


def span(begin: str, end: str | None, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Bounds of the half-open interval of ``--from`` and ``--to``, which is ``now`` where it is not given; a date includes its day.

    Ends the command with status 2 where one is no moment, or the end is not after the start.
    """
    first, last = moment(begin, zone, "--from"), moment(end, zone, "--to", is_end=True) or now
    check_order(first, last)
    return first, last


def open_span(
    begin: str | None, end: str | None, zone: ZoneInfo, *, options: tuple[str, str] = FROM_TO
) -> tuple[datetime | None, datetime | None]:
    """The same where both may be absent, which is None: no bound."""
    first, last = moment(begin, zone, options[0]), moment(end, zone, options[1], is_end=True)
    if first is not None and last is not None:
        check_order(first, last, options)
    return first, last


def check_order(first: datetime, last: datetime, options: tuple[str, str] = FROM_TO) -> None:
    """End the command with status 2 where ``last`` is not after ``first``."""
    if last <= first:
        msg = f"{last:%Y-%m-%dT%H:%M:%SZ}, expected a moment after {options[0]} ({first:%Y-%m-%dT%H:%M:%SZ})"
        raise typer.BadParameter(msg, param_hint=options[1])


def day(text: str | None, option: str) -> date | None:
    """The civil day that an option names; None where it is not given. Ends the command with status 2 where it is none."""
    try:
        return None if text is None else parse_day(text)
    except MomentError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
