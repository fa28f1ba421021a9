"""``skyground watch``: evaluate new data every few seconds and mail at once."""

from __future__ import annotations

import threading

import typer

TEMPLATES_AFTER_S = 60.0
"""The mails are tried so long after the start [s]."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help="Evaluate readings, hours, silence and forecasts as they arrive, and mail alerts. 实时判定并发送告警邮件。"
    )
    def watch(
        once: bool = typer.Option(False, "--once", help="One round, then end."),
        json_lines: bool = typer.Option(False, "--json", help="One JSON object a round that did something."),
    ) -> None:
        from datetime import UTC, datetime

        import msgspec

        from alerts.people.file import people_of
        from alerts.run.mail.template_check import report_templates
        from alerts.run.round import Round, run_once
        from alerts.settings import AlertSettings
        from alerts.stream.metrics import WatchMetrics
        from alerts.stream.watch import run, shutdown_on_signals
        from ingest.process.error import IngestError
        from store.settings import load_settings

        metrics = WatchMetrics()

        def report(done: Round) -> None:
            metrics.round(done)
            if not (done.transitions or done.mails or done.error or once):
                return
            if json_lines:
                typer.echo(msgspec.json.encode(done).decode())
            else:
                outcome = done.error or f"transitions={done.transitions} mails={done.mails} seconds={done.seconds:.2f}"
                typer.echo(f"{done.at:%Y-%m-%d %H:%M:%S} UTC {outcome}")

        settings = load_settings(AlertSettings)
        if once:
            done = run_once(settings, datetime.now(UTC))
            report(done)
            raise typer.Exit(1 if done.error else 0)
        try:
            metrics.serve(settings.watch_metrics_host, settings.watch_metrics_port)
        except IngestError as error:
            typer.echo(f"skyground: {error}", err=True)
            raise typer.Exit(2) from error
        people = people_of(settings)
        stop = shutdown_on_signals()
        recipients = settings.people or f"mail to {', '.join(settings.mail_to)}"
        typer.echo(f"watching every {settings.watch_interval_s:g} s; rules {settings.rules}; {recipients}")
        # not before the first rounds, which make the mails that wait
        check = threading.Timer(TEMPLATES_AFTER_S, report_templates, (settings, people, datetime.now(UTC)))
        check.daemon = True
        check.start()
        run(settings, stop, report)
        typer.echo("stopped")
