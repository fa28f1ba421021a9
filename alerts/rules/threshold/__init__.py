"""Threshold rules: what one says, its samples, and their evaluation by hours and by readings."""
