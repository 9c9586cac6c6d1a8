"""Sampling from the posterior of a history."""
