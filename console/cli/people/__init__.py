"""``skyground people``."""

from console.cli.people.group import register as register
