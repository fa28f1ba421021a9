"""Benchmarks of alerts: cases, storms."""
