"""Template tags of the demo shop."""
