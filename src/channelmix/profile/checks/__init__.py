"""What a profile must agree on beyond its single fields."""
