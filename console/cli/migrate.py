"""``skyground migrate``: databases, buckets and tables are created or brought to the newest version."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def migrate() -> None:
        """Create or update databases and tables; harmless when done. 创建或升级数据库与数据表。"""
        from store.error import StoreError
        from store.influx import InfluxStore
        from store.settings import SharedSettings, load_settings
        from store.state import StateStore

        settings = load_settings(SharedSettings)
        failed = False
        with StateStore(settings.state_url) as state:
            try:
                applied = state.pending_migrations()
                state.migrate()
                typer.echo(f"state: {len(applied)} migrations applied, schema is current")
            except StoreError as error:
                failed = True
                typer.echo(f"state: {error}", err=True)
        influx = InfluxStore(settings)
        try:
            influx.ensure()
            typer.echo(f"influxdb: {influx.health().detail}")
        except StoreError as error:
            failed = True
            typer.echo(f"influxdb: {error}", err=True)
        finally:
            influx.close()
        raise typer.Exit(1 if failed else 0)
