"""Foundations of all rooms: errors, arrays, documents, progress, and the wording of numbers."""
