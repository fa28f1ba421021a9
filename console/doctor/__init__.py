"""``skyground doctor``: what each part needs, tried and explained."""

from __future__ import annotations

from console.doctor.examine import PartName, examine

__all__ = ["PartName", "examine"]
