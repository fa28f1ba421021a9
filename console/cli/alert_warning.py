"""``skyground alerts warning``: official warning levels that are due, with drafts of the notice."""

from __future__ import annotations

import typer

from console.cli import shell
from console.cli.shell.moment import moment as read_moment


def warning(
    city: str = typer.Option("", "--city", help="code of a city; none: all 城市代码"),
    at: str = typer.Option(
        "", "--at", help="as known at this moment, a date at its beginning; none: now 研判时刻，默认当前"
    ),
    cross_border: bool = typer.Option(
        False,
        "--cross-border",
        help="a person states that it came from outside: health notice only 跨境输送，仅健康提示",
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a line."),
) -> None:
    """Print the level that is due in each city, health notices, and the draft of the notice; nothing is sent."""
    from alerts.run.warning import city_warnings
    from analysis.run.hour_source import NoHoursError
    from schemas.city import city_name
    from schemas.words import words

    settings = shell.settings()
    say = words(settings.language, "warning")
    moment = read_moment(at, settings.stations.timezone, "--at") if at else shell.now()
    found = shell.or_exit(
        lambda: city_warnings(settings, moment, city=city or None, is_cross_border=cross_border), NoHoursError
    )
    for item in found:
        if as_json:
            typer.echo(shell.to_json(item))
            continue
        language = settings.language
        typer.echo(
            say(
                "line",
                city=city_name(item.city, language),
                level=say(f"level.{item.level}"),
                now=say(f"level.{item.level_now}"),
                observed=item.observed_h,
                forecast=item.forecast_h,
            )
        )
        for notice in item.notices:
            typer.echo(f"  {notice.draft_zh if language == 'zh' else notice.draft_en}")
        draft = item.draft_zh if language == "zh" else item.draft_en
        for line in draft.splitlines():
            typer.echo(f"  {line}")
