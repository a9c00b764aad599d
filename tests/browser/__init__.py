"""Tests that drive the demo shop in a real browser, as a shopper or an editor would."""
