"""Access to the databases: raw log, time series, state, exports, backup. No other folder has it."""
