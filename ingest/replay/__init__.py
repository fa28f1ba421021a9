"""Files and data sets to the broker."""
