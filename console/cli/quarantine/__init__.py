"""``skyground quarantine``."""

from console.cli.quarantine.group import register as register
