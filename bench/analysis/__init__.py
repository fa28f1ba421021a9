"""Attribution and forecast against known truth."""
