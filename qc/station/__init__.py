"""One station's part of a run, pure: which hours, how they are judged, what changes."""
