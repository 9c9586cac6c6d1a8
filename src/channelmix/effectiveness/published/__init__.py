"""Effectiveness from published figures."""
