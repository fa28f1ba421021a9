"""Channels: mail, the standby channel, and a local mail sink."""
