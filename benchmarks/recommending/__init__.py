"""Recommenders from the literature and ours, given the same purchases or clicks and asked the same questions."""
