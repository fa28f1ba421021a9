"""Sections of a report, one a module."""
