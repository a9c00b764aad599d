"""Backends generate text; `base` is their contract, `registry` gives the one that the settings name."""
