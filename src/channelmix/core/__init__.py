"""What everything rests on: errors, arrays, documents, progress, and the wording of numbers."""
