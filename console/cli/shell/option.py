"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Collection

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
Figures = Annotated[bool, typer.Option("--json", help="one JSON object at the end 以 JSON 报告")]
OneStation = Annotated[str | None, typer.Option("--station", help="only this station 站点")]
Station = Annotated[str, typer.Option("--station", help="station id 站点")]
Stations = Annotated[list[str] | None, typer.Option("--station", help="may be repeated; none: all 站点")]
Network = Annotated[str, typer.Option("--network", help="voc ghg pm eco rad gas met 网络")]
Parameters = Annotated[list[str] | None, typer.Option("--parameter", help="code, may be repeated; none: all 参数")]
Who = Annotated[str, typer.Option("--who", help="responsible person 责任人")]
PerMessage = Annotated[int, typer.Option(min=1, help="readings a message (back-fill) 每条消息的读数")]


def check_one_of(given: str, known: Collection[str], option: str) -> None:
    """End the command with status 2 unless ``given`` is one of ``known``."""
    if given not in known:
        msg = f"{given!r}: expected one of {', '.join(known)}"
        raise typer.BadParameter(msg, param_hint=option)


def refuse_given(context: typer.Context, names: Collection[str], why: str) -> None:
    """End the command with status 2 where one of these options was given on the command line.

    Parameters
    ----------
    context : typer.Context
    names : collection of str
        Arguments of the function of the command.
    why : str
    """
    for item in context.command.params:
        source = context.get_parameter_source(item.name or "")
        if item.name in names and source is not None and source.name == "COMMANDLINE":
            msg = f"leave it out: {why}"
            raise typer.BadParameter(msg, param_hint=item.opts[0])
