"""The loop of ``skyground watch``."""
