"""Runs a causal language model in this process: prompts in, completions out.

Its modules import torch when they are imported, so only `TransformersBackend` imports them, and only once it loads
its model.
"""
