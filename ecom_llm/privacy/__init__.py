"""Comes in: who is to be forgotten or told. Goes out: their rows deleted or copied, and what is too old deleted."""
