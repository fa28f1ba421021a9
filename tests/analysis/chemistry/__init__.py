"""Chemistry of a station and period."""
