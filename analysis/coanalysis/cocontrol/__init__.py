"""What to cut: precursors ranked by their part in O3 and in secondary PM2.5 at once."""
