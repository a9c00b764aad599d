"""Comes in: shoppers' requests and what they agreed to. Goes out: `Event` rows and whose they are."""
