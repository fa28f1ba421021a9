"""``skyground qc``: a module a sub-command."""

from console.cli.qc.group import register as register
