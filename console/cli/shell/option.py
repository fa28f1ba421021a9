"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
Figures = Annotated[bool, typer.Option("--json", help="one JSON object at the end 以 JSON 报告")]
OneStation = Annotated[str | None, typer.Option("--station", help="only this station 站点")]
Station = Annotated[str, typer.Option("--station", help="station id 站点")]
Stations = Annotated[list[str] | None, typer.Option("--station", help="may be repeated; none: all 站点")]
Network = Annotated[str, typer.Option("--network", help="voc ghg pm eco rad gas met 网络")]
Parameters = Annotated[list[str] | None, typer.Option("--parameter", help="code, may be repeated; none: all 参数")]
Who = Annotated[str, typer.Option("--who", help="responsible person 责任人")]
PerMessage = Annotated[int, typer.Option(min=1, help="readings a message (back-fill) 每条消息的读数")]
