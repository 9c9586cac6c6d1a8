"""Solutions and their proofs, and the checker, in NumPy alone."""
