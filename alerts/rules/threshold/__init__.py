"""Threshold rules: fields, samples, and evaluation by hours and by readings."""
