"""Comes in: a text and the facts it may rest on. Goes out: findings; one that blocks keeps the text out of the shop."""
