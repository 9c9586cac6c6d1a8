"""An allocation problem, as it is stated and as rows and bounds in standard form."""
