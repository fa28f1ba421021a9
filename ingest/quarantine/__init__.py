"""The quarantine: what could not be accepted, its repair and its way back."""
