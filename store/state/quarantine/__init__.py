"""The quarantine: what could not be accepted, and its bounds."""
