"""``skyground analyse``: a module a sub-command."""

from console.cli.analyse.group import register as register
