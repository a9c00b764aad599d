"""Comes in: the shop's own products. Goes out: `ProductFacts`, the only truth a text may use."""
