"""The gamma rule: wash-out explained, releases found."""
