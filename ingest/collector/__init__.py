"""The collector as programs: the intake, the drain, the survey, and collectors that share a subscription."""
