"""Drift of a station against a reference over weeks."""
