"""What a printed page says: words with boxes to lines, labels with their values, and tables."""
