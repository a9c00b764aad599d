"""Comes in: words. Goes out: vectors, from an encoder in a worker and from its words' own vectors in a web process."""
