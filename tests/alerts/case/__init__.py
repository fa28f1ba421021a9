"""Cases of alerts."""
