"""Foundations of all rooms: errors, arrays, tolerances, documents, progress, and the words of every language."""
