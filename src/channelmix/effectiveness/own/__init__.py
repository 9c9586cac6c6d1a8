"""Effectiveness from a company's own history."""
