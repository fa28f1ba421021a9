"""Each station's hour against the stations around it."""
