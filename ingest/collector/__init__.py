"""The collector as programs: the intake, the drain, housekeeping, and failover between collectors that share a subscription."""
