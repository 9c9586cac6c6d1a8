"""Curves and rules in, a proven split out; knows nothing of companies."""
