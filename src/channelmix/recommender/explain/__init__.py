"""Why this mix? Break-evens and prices of rules, cell by cell."""
