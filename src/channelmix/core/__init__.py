"""What every room shares: errors, arrays, versioned documents, progress and the wording of numbers."""
