"""``skyground doctor``: what each part needs, tried and explained."""

from __future__ import annotations

from console.doctor.diagnosis import PartName
from console.doctor.examine import examine

__all__ = ["PartName", "examine"]
