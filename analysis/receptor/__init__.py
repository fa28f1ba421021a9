"""What reaches a station, and from where: wind, neighbours, sources."""
