"""The loop behind ``skyground watch``."""
