"""Comes in: a text that is wanted. Goes out: a completion, through a job that survives any crash."""
