"""``skyground review``."""

from console.cli.review.group import register as register
