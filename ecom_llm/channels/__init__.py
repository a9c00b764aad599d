"""Comes in: published versions. Goes out: what each place in the shop shows, and what is still to be written."""
