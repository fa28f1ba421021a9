"""Options that commands of ``skyground review`` share."""

from __future__ import annotations

from typing import Annotated

import typer

AnyNetwork = Annotated[str | None, typer.Option("--network", help="none: all 网络；默认全部")]
Reviewer = Annotated[str, typer.Option("--who", help="name of the reviewer 审核人")]
Note = Annotated[str, typer.Option("--note", help="explanation 说明")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="count and sample only, record nothing 只显示数量与样例")]
Yes = Annotated[bool, typer.Option("--yes", help="needed to act on more than one review 批量操作须确认")]
Ids = Annotated[list[str] | None, typer.Argument(help="ids of reviews; none: choose by filter 审核编号")]
Bulk = Annotated[str | None, typer.Option("--bulk", help="all reviews of one act on many 同一批次")]
