"""Comes in: a completion and the guard's findings. Goes out: immutable versions, one of them published."""
