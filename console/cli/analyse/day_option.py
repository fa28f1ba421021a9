"""Option of a civil day."""

from __future__ import annotations

from typing import Annotated

import typer

Day = Annotated[str | None, typer.Option(help="civil day of the network's zone, as 2026-11-22 网络时区的自然日")]
