"""PM2.5 and O3 together."""
