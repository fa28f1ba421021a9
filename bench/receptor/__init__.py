"""Benchmarks of receptor models."""
