"""Commands of forecasts: issue, models, scores, back-test, weather input."""
