"""Comes in: events and the product on show. Goes out: `Recommendation`s, with evidence and a sentence."""
