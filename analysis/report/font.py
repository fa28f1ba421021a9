"""Fonts of pictures: Chinese and Latin letters."""

from __future__ import annotations

from functools import cache
from typing import Final

from matplotlib import font_manager

CHINESE_FONT: Final = "Noto Sans CJK SC"


@cache
def font_families() -> list[str]:
    """Font families for Chinese and Latin text; without the CJK font Chinese labels would be boxes (``doctor`` reports it).

    Examples
    --------
    >>> font_families()[-1]
    'DejaVu Sans'
    """
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in (CHINESE_FONT, "DejaVu Sans") if name in known]
