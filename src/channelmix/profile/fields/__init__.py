"""The fields that a profile is made of."""
