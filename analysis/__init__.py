"""From checked hours to products: indices, statistics, attribution and forecasts. Pure but for `analysis.run`."""
