"""Comes in: a shopper's script, a headless shop, an editor's tool. Goes out: JSON under `api/v1/`."""
