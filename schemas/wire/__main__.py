"""Renew the JSON Schemas."""

from schemas.wire import write_all

write_all()
