"""Threads in which the stores are read, and how long is waited for them.

A database that does not answer holds a thread until its own time limit. Pages, calls of the API and the call that says how the
console is have threads of their own, so that none of them waits behind another.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Value = TypeVar("_Value")
PAGES = ThreadPoolExecutor(max_workers=32, thread_name_prefix="console-page")
CALLS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="console-call")
HEALTH = ThreadPoolExecutor(max_workers=4, thread_name_prefix="console-health")


async def read_in(pool: ThreadPoolExecutor, read: Callable[[], _Value], *, within_s: float | None = None) -> _Value:
    """What ``read`` returns in a thread of ``pool``; raises what it raises, and `TimeoutError` after ``within_s`` [s]."""
    return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(pool, read), within_s)
