"""Write the JSON Schemas anew."""

from schemas.wire import write_all

write_all()
