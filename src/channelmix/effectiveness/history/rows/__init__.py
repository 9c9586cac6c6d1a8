"""From a table to the rows and periods of a history."""
