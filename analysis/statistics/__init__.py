"""Statistics of standards: limits by date, AQI, ozone, civil days, exceedances, episodes."""
