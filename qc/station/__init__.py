"""One station's part of a run, pure: its hours, their flags, and what changes."""
