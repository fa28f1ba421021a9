"""Rehearsal of rules and their scoreboard."""
