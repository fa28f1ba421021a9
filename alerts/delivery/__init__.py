"""Delivery of cases: what a round sends, signed links, replies, escalation. Pure; `alerts.run` reads and writes."""
