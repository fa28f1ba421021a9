"""Hourly forecasts: issue, training, models in force, running score. Reads and writes the stores."""

from analysis.run.forecast.job import ForecastSummary, forecast
from analysis.run.forecast.stored_backtest import backtest_stored
from analysis.run.forecast.train import TrainingSummary, train_model

__all__ = ["ForecastSummary", "TrainingSummary", "backtest_stored", "forecast", "train_model"]
