"""What the stores know of an alert: series, flags, forecast, case file. Reads only."""
