"""``skyground up``, ``down`` and ``status``: the parts on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.local.parts import LocalPart
    from console.local.supervisor import Supervisor


_NOT_OURS = "not started by this run directory's supervisor, or left behind by one that was killed"


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)


def up(
    parts: Annotated[
        list[str] | None, typer.Argument(help="broker influxdb collector watch airflow console mail; none: all")
    ] = None,
) -> None:
    """Start parts on this machine and wait until each answers. 启动本机各部分。"""
    from console.local.supervisor import PartError

    supervisor, known = _supervisor()
    chosen = _chosen(parts, known)
    try:
        supervisor.ensure()
        for name in chosen:
            seconds = supervisor.start(name)
            typer.echo(f"{name:<10} up in {seconds:4.1f} s   {known[name].address}")
    except PartError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def down(parts: Annotated[list[str] | None, typer.Argument(help="none: all, and the supervisor")] = None) -> None:
    """Stop parts on this machine, each with its whole process group. 停止本机各部分。"""
    supervisor, known = _supervisor()
    if not parts:
        supervisor.shutdown()
        typer.echo("all parts down")
    else:
        for name in _chosen(parts, known):
            supervisor.stop(name)
            typer.echo(f"{name:<10} down")
    for name in _chosen(parts, known):
        if known[name].answers and known[name].ready():
            typer.echo(f"{name:<10} still answers at {known[name].address}: {_NOT_OURS}", err=True)


def status(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a part")] = False) -> None:
    """Show the parts on this machine; other: something not started from here answers. 查看本机各部分状态。"""
    supervisor, known = _supervisor()
    for name, part in known.items():
        state = supervisor.state(name)
        answers = part.ready() if state.pid or part.answers else False
        ready = bool(state.pid) and answers
        if as_json:
            row = {
                "part": name,
                "state": state.state,
                "ready": ready,
                "answers": answers,
                "pid": state.pid,
                "uptime_s": state.uptime_s,
                "address": part.address,
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
            continue
        mark = "ready" if ready else "other" if answers else "-"
        typer.echo(
            f"{name:<10} {state.state:<9} {mark:<6} pid {state.pid or '-':<8} {state.uptime_s:>7} s  {part.address}"
        )


def _supervisor() -> tuple[Supervisor, dict[str, LocalPart]]:
    from console.local.parts import all_parts
    from console.local.settings import LocalSettings
    from console.local.supervisor import Supervisor
    from store.settings import load_settings

    settings = load_settings(LocalSettings)
    known = all_parts(settings)
    return Supervisor(settings, known), known


def _chosen(parts: list[str] | None, known: dict[str, LocalPart]) -> list[str]:
    names = list(known)
    unknown = [name for name in parts or () if name not in names]
    if unknown:
        msg = f"unknown part {', '.join(unknown)}; known: {', '.join(names)}"
        raise typer.BadParameter(msg)
    return [name for name in names if name in parts] if parts else names
