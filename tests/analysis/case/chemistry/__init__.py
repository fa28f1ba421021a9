"""Tests of the chemistry of an event."""
