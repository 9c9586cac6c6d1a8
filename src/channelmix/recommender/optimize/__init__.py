"""What mix? From a profile to a proven plan."""
