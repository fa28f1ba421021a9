"""``skyground demo``: the whole system on this machine, for a demonstration or a check."""

from __future__ import annotations

import json
import signal
import sys
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    check: Annotated[bool, typer.Option("--check", help="no person: end with one line of JSON and a status")] = False,
) -> None:
    """Run a simulated province and a real data set through every part. 在本机演示全流程。"""
    from console.demo.place import DemoPlaceError, prepare_place
    from console.demo.run import Demo
    from console.local.parts import all_parts
    from console.local.supervisor import Supervisor
    from store.settings import run_dir_from_environment

    try:
        settings = prepare_place(run_dir_from_environment())
    except DemoPlaceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    attended = not check and sys.stdout.isatty()
    supervisor = Supervisor(settings, all_parts(settings))
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the parts as Ctrl-C does
        signal.signal(number, signal.default_int_handler)
    run = Demo(settings, supervisor, say=lambda line: typer.echo(f"  {line}", err=True))
    try:
        run.load()
        if attended:
            from console.demo.stay import stay

            stay(settings, run.maildir)
            return
        report = run.report()
    except KeyboardInterrupt:
        typer.echo("\nending", err=True)
        raise typer.Exit(130) from None
    except RuntimeError as error:
        typer.echo(f"demo failed: {error}", err=True)
        raise typer.Exit(1) from error
    finally:
        run.end_live()
        supervisor.shutdown()
    faults = report.faults()
    for fault in faults:
        typer.echo(f"not as it should be: {fault}", err=True)
    typer.echo(json.dumps(report.as_dict()))
    raise typer.Exit(1 if faults else 0)
