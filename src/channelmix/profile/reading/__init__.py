"""From JSON to a profile, and its faults in words."""
