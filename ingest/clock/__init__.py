"""Clocks of instruments against the collector's."""
