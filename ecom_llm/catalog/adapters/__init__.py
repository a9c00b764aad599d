"""Adapters map a shop's own catalogue; `base` is their contract."""
