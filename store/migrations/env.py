"""Alembic's entry: runs on the connection that `store.state.database.StateDatabase.migrate` holds."""

from typing import Any, Literal

from alembic import context

from store.state.table import UtcDateTime, metadata


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:  # noqa: ANN401 - Alembic's signature
    """Render our own type as its base type, so that migrations do not depend on the package."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
