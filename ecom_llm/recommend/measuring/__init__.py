"""Visits come in, and what the recommender is worth on them goes out."""
