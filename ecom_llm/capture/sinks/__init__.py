"""Sinks take events; `base` is their contract."""
