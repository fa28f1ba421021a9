"""What every process that runs for long needs: settings, log, metrics, guards, locks, signs of life."""
