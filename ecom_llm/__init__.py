"""Real-time marketing for any Django shop, written by a language model the shop runs itself."""

__version__ = "0.1.0"
