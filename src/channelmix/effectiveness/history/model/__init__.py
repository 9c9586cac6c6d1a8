"""The model of a history: families, priors, baseline and noise."""
