"""Options that commands of ``skyground review`` share."""

from __future__ import annotations

from typing import Annotated

import typer

Network = Annotated[str, typer.Option("--network", help="voc ghg pm eco rad gas met 网络")]


AnyNetwork = Annotated[str | None, typer.Option("--network", help="none: all 网络；默认全部")]


Stations = Annotated[list[str] | None, typer.Option("--station", help="may be repeated; none: all 站点")]


Parameters = Annotated[list[str] | None, typer.Option("--parameter", help="code, may be repeated; none: all 参数")]


Who = Annotated[str, typer.Option("--who", help="name of the reviewer 审核人")]


Note = Annotated[str, typer.Option("--note", help="explanation 说明")]


DryRun = Annotated[bool, typer.Option("--dry-run", help="count and sample only, record nothing 只显示数量与样例")]


Yes = Annotated[bool, typer.Option("--yes", help="needed to act on more than one review 批量操作须确认")]


AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


Ids = Annotated[list[str] | None, typer.Argument(help="ids of reviews; none: choose by filter 审核编号")]


Bulk = Annotated[str | None, typer.Option("--bulk", help="all reviews of one act on many 同一批次")]
